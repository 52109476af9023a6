"""Makes the pictures of the README from a fresh demo, so that they never lie: `poe pictures`."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright
from pyotp.totp import TOTP

ROOT = Path(__file__).parent.parent


def main() -> None:
    """The queue with a row that has just come in."""
    data = Path(tempfile.mkdtemp(prefix="steady-pictures-"))
    data.chmod(0o755)
    command = [sys.executable, "-m", "server", "demo", "--no-browser", "--port", "0", "--data", str(data)]
    command += ["--ready-file", str(data / "ready.json")]
    demo = subprocess.Popen(command, cwd=ROOT)
    try:
        while not (data / "ready.json").exists():
            time.sleep(0.1)
        links = json.loads((data / "ready.json").read_text())
        with sync_playwright() as browsers:
            browser = browsers.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(links["base_url"])
            page.fill("#email", links["nurse"]["email"])
            page.fill("#password", links["nurse"]["password"])
            page.click("main button")
            page.fill("#code", TOTP(links["nurse"]["totp_secret"]).now())
            page.click("main button")
            page.wait_for_selector(f"#row-{links['story']['patient_id']}", timeout=60_000)
            page.wait_for_timeout(10_000)
            page.screenshot(path=ROOT / "deploy" / "docs" / "queue.png")
            browser.close()
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(30)
        shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    main()
