"""Opens reports in headless Chromium: no errors on the console, every figure drawn, tables that sort,
links that lead somewhere, nothing wider than the window; in light and dark, wide and narrow.

    pip install selenium      # and chromium with its driver
    python tools/check_report.py runs/compare/report.html [--pictures FOLDER]
"""

import argparse
import pathlib
import sys

from selenium import webdriver
from selenium.webdriver.common.by import By


def browser(width, height, dark):
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options)
    # narrower than a window of the desktop can be
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    scheme = "dark" if dark else "light"
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    return driver


def check(driver, page):
    driver.get(page.resolve().as_uri())
    faults = [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    figures = driver.find_elements(By.CSS_SELECTOR, "figure svg")
    for number, figure in enumerate(figures, 1):
        size = figure.size
        if size["width"] < 50 or size["height"] < 50:
            faults.append(f"figure {number} is {size['width']} x {size['height']}")
    width = driver.execute_script("return document.documentElement.scrollWidth")
    room = driver.execute_script("return document.documentElement.clientWidth")
    if width > room:
        faults.append(f"the page is {width} wide in a window of {room}")
    for link in driver.find_elements(By.CSS_SELECTOR, "nav a"):
        target = link.get_attribute("href").split("#")[-1]
        if not driver.find_elements(By.ID, target):
            faults.append(f"no section {target}")
    tables = driver.find_elements(By.CSS_SELECTOR, "table.sortable")
    sort = """
        const table = arguments[0];
        const rows = () => [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
        table.tHead.rows[0].cells[0].querySelector("button").click();
        const up = rows();
        table.tHead.rows[0].cells[0].querySelector("button").click();
        return [up, rows()];
    """
    for number, table in enumerate(tables, 1):
        up, down = driver.execute_script(sort, table)
        if len(set(up)) > 1 and up == down:
            faults.append(f"table {number} does not sort")
    return faults, len(figures), len(tables)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    parser.add_argument("--pictures", type=pathlib.Path)
    arguments = parser.parse_args()
    found = 0
    for page in arguments.pages:
        for name, width, dark in [
            ("wide", 1200, False),
            ("wide_dark", 1200, True),
            ("narrow", 390, False),
            ("narrow_dark", 390, True),
        ]:
            driver = browser(width, 900, dark)
            try:
                faults, figures, tables = check(driver, page)
                print(f"{page} {name}: {figures} figures, {tables} tables, {len(faults)} faults")
                for fault in faults:
                    print("  " + fault)
                found += len(faults)
                if arguments.pictures:
                    arguments.pictures.mkdir(parents=True, exist_ok=True)
                    driver.save_screenshot(str(arguments.pictures / f"{page.parent.name}_{name}.png"))
            finally:
                driver.quit()
    sys.exit(found > 0)


if __name__ == "__main__":
    main()
