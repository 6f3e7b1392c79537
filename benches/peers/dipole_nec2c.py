#!/usr/bin/env python3
"""Thin-wire dipole by nec2c: the figures that the case half-wave-dipole of validate_maxwell is held to.

Length 1 m, centre-fed, of n equal segments with the radius r times a segment, for each n and r
given; prints the first frequency at which the reactance is zero and the resistance there.

    sudo apt-get install nec2c
    python3 dipole_nec2c.py                   the cases of validate_maxwell
    python3 dipole_nec2c.py 21 0.1985 0.23    21 segments, two radii
"""
import subprocess
import sys
import tempfile


def impedance(segments, radius, first, step, count):
    """[(frequency in MHz, Z)] of a dipole of 1 m."""
    deck = "\n".join(
        [
            "CM dipole",
            "CE",
            f"GW 1 {segments} 0 0 -0.5 0 0 0.5 {radius / segments:.9f}",
            "GE 0",
            "EX 0 1 %d 0 1 0" % (segments // 2 + 1),
            f"FR 0 {count} 0 0 {first} {step}",
            "XQ",
            "EN",
            "",
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/in.nec", "w") as file:
            file.write(deck)
        subprocess.run(
            ["nec2c", f"-i{folder}/in.nec", f"-o{folder}/out.nec"], check=True
        )
        rows, frequency, wanted = [], None, 0
        for line in open(f"{folder}/out.nec"):
            words = line.split()
            if "Frequency" in line or "FREQUENCY :" in line.upper():
                numbers = [w for w in words if w[0].isdigit()]
                if numbers:
                    frequency = float(numbers[0])
            if "ANTENNA INPUT PARAMETERS" in line.upper():
                wanted = 4
            elif wanted and len(words) >= 10 and words[0] == "1":
                rows.append((frequency, complex(float(words[6]), float(words[7]))))
                wanted = 0
    return rows


def resonance(segments, radius):
    rows = impedance(segments, radius, 130.0, 0.25, 81)
    for (f0, z0), (f1, z1) in zip(rows, rows[1:]):
        if z0.imag < 0 <= z1.imag:
            t = -z0.imag / (z1.imag - z0.imag)
            return f0 + t * (f1 - f0), z0.real + t * (z1.real - z0.real)
    raise SystemExit("no resonance between 130 and 150 MHz")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        cases = [(int(sys.argv[1]), float(r)) for r in sys.argv[2:]]
    else:
        # the cases of validate_maxwell, each at two segmentations
        wires = [(21, 0.1985), (41, 0.1985), (41, 0.1), (41, 0.3), (41, 0.1985 / 3)]
        cases = [c for n, r in wires for c in ((n, r), (2 * n - 1, r * (2 * n - 1) / n))]
        cases += [(41, 0.25 / 58 * 41), (81, 0.25 / 58 * 81)]
    for segments, radius in cases:
        frequency, resistance = resonance(segments, radius)
        print(
            f"n = {segments}, r = {radius:.4f} cells, {100 * radius / segments:.4f} % of the length: resonance {frequency:.3f} MHz m, "
            f"resistance {resistance:.3f} ohm"
        )
