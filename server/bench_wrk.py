"""wrk as the driver of the bench, where it is installed: one thread of C takes a tenth of what a Python driver does."""

import resource
import shutil
import subprocess
from pathlib import Path
from typing import Final

import msgspec

from server.bench_driver import APART_S, Load, Measured

SCRIPT: Final = """
local ffi = require("ffi")
ffi.cdef[[typedef struct { long s; long us; } steady_tv; int gettimeofday(steady_tv *tv, void *tz);]]
local tv = ffi.new("steady_tv")
local heads, patients, shape, floor, size, nurse, turn, base, apart = {}, {}, "", false, 1, "", 0, 0, 0
local random, format, date, floor_of = math.random, string.format, os.date, math.floor

function init(args)
  local file = io.open(args[1])
  shape, floor, size, nurse = file:read("*l"), file:read("*l") == "floor", tonumber(file:read("*l")), file:read("*l")
  turn, base, apart = tonumber(file:read("*l")), tonumber(file:read("*l")), tonumber(file:read("*l"))
  for line in file:lines() do
    local patient, token = line:match("(%S+) (%S+)")
    patients[#patients + 1] = patient
    heads[#heads + 1] = " HTTP/1.1\\r\\nhost: bench\\r\\nauthorization: Bearer " .. token .. "\\r\\n"
  end
  file:close()
  local noise = io.open("/dev/urandom", "rb")
  local a, b, c = noise:read(3):byte(1, 3)
  noise:close()
  math.randomseed(a * 65536 + b * 256 + c)
end

local function item(patient, at)
  local ms = tonumber(tv.s) * 1000 + floor_of(tonumber(tv.us) / 1000)
  local id = format("%08x-%04x-7%03x-%04x-%06x%06x", floor_of(ms / 65536), ms % 65536, random(0, 4095), random(32768, 49151),
    random(0, 16777215), random(0, 16777215))
  local owner = floor and format('"patient":"%s",', patient) or ""
  return id, format('{"id":"%s",%s"kind":"heart_rate","takenAt":"%s.%06d+00:00","value":%d,"unit":"/min"}', id, owner,
    date("!%Y-%m-%dT%H:%M:%S", at), random(0, 999999), random(60, 90))
end

function request()
  ffi.C.gettimeofday(tv, nil)
  local place = turn % #patients + 1
  local step = floor_of(turn / #patients)
  local patient = patients[place]
  turn = turn + 1
  if shape == "queue_50" then
    return "GET /v1/episodes?limit=50 HTTP/1.1\\r\\nhost: bench\\r\\nauthorization: Bearer " .. nurse .. "\\r\\n\\r\\n"
  elseif shape == "latest_100" then
    local path = floor and ("/latest/" .. patient) or "/v1/me/readings?limit=100&kind=heart_rate"
    return "GET " .. path .. heads[place] .. "\\r\\n"
  end
  local line, body, id
  if size == 1 then
    id, body = item(patient, base + step * apart + random(0, 599))
    line = "PUT /v1/readings/" .. id
  else
    local items, now = {}, tonumber(tv.s)
    for i = 1, size do
      id, items[i] = item(patient, now - 40000 + i * 400 + random(0, 99))
    end
    line, body = "POST /v1/readings/batch", '{"items":[' .. table.concat(items, ",") .. "]}"
  end
  return line .. heads[place] .. "content-type: application/json\\r\\ncontent-length: " .. #body .. "\\r\\n\\r\\n" .. body
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(format('\\n{"requests":%d,"failed":%d,"seconds":%f,"p50_ms":%f,"p95_ms":%f,"p99_ms":%f}\\n', summary.requests,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3))
end
"""


def is_there() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def drive(load: Load, folder: Path) -> Measured:
    """Run the load for whole seconds; what wrk saw, and the processor time that it took itself."""
    script, people = folder / "bench.lua", folder / "bench.people"
    script.write_text(SCRIPT)
    pairs = "".join(f"{patient} {token}\n" for patient, token in zip(load.patients, load.tokens, strict=True))
    people.write_text(f"{load.read}\n{'floor' if load.floor else 'steady'}\n{load.batch}\n{load.nurse_token}\n"
                      f"{load.turn}\n{load.base}\n{APART_S}\n{pairs}")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{load.clients}", f"-d{max(1, round(load.seconds))}s", "--timeout", "10s", "-s", str(script),
         f"http://127.0.0.1:{load.port}", "--", str(people)], capture_output=True, check=False,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = done.stdout.decode().splitlines()
    if done.returncode != 0 or not lines or not lines[-1].startswith("{"):
        raise RuntimeError(done.stdout.decode()[-1000:] + done.stderr.decode()[-1000:])
    seen = msgspec.json.decode(lines[-1], type=Measured)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return msgspec.structs.replace(seen, cpu_s=spent)
