"""What somebody must look at again and answer for: emergencies, accesses that look odd, carers, erasure."""
