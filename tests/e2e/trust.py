#!/usr/bin/env python3
"""End to end: who believes whom. A collector below a concentrator, a gateway that poses as the tier above, a box that is
shown two authorities, certificates that end, and a concentrator that is replaced, with real programs.

tests/e2e/trust.py --bin build/dev/bin [--only WORD]
"""
import argparse
import contextlib
import pathlib
import re
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Program, Tap, free_port, wait_until  # noqa: E402

tap = Tap()
CODE = re.compile(r"enrolment code: ([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})")


class Box:
    """A gateway, its folder, and where it listens for others."""

    def __init__(self, house, name, listens=False):
        self.house, self.name, self.starts, self.program = house, name, 0, None
        self.dir = house.folder / name
        self.port = free_port() if listens else 0

    def start(self, port):
        self.stop()
        self.starts += 1
        listen = ["--listen", f"127.0.0.1:{self.port}"] if self.port else []
        self.program = Program([self.house.bin / "heng-gateway", "run", "--dir", str(self.dir),
                                "--server", f"127.0.0.1:{port}", "--name", self.name, *listen],
                               self.house.folder / f"{self.name}-{self.starts}.log")

    def stop(self):
        if self.program and self.program.alive():
            assert self.program.end() == 0, self.output()[-1000:]

    def output(self):
        return self.program.output() if self.program else ""

    def says(self, words, seconds=30):
        wait_until(lambda: words in self.output(), seconds, f"'{words}' of {self.name}: {self.output()[-1000:]}")

    def code(self):
        return wait_until(lambda: CODE.findall(self.output()), 20, f"a code: {self.output()[-500:]}")[-1]


class World:
    def __init__(self, house, other):
        self.house, self.other, self.boxes = house, other, {}
        self.port, self.other_port = free_port(), free_port()
        for centre, port in ((house, self.port), (other, self.other_port)):
            assert centre.import_site(centre.electric_site()).returncode == 0
            centre.start_server("--uplink-listen", f"127.0.0.1:{port}")

    def box(self, name, **how):
        self.boxes[name] = Box(self.house, name, **how)
        return self.boxes[name]

    def let_in(self, box, *more):
        """Accept what the box shows, once its request has come."""
        code, done = box.code(), None

        def accepted():
            nonlocal done
            done = self.house.heng("gateway", "accept", code, *more, "--url", self.house.url)
            return done.returncode == 0
        wait_until(accepted, 20, f"the request of {box.name}: {box.output()[-1000:]}")
        assert done.returncode == 0, done
        box.says("event=enrolled")

    def gateway(self, key):
        return next(g for g in self.house.get("/api/v1/gateways")["items"] if g["key"] == key)

    def start_server(self):
        self.house.start_server("--uplink-listen", f"127.0.0.1:{self.port}")

    def stop_server(self):
        assert self.house.server.end() == 0, self.house.server.output()[-2000:]

    def database(self, sql, *values):
        """Written to as nobody should: only while the server rests."""
        with contextlib.closing(sqlite3.connect(self.house.data / "heng.db", timeout=10)) as database, database:
            return database.execute(sql, values).fetchall()

    def certificates(self, key):
        return self.database("SELECT count(*) FROM gateway_certificate c JOIN gateway g ON g.id = c.gateway_id"
                             " WHERE g.key = ?", key)[0][0]

    def shorten(self, box, below, days, serial):
        """Its certificate as it is when almost five years are over."""
        pki, folder = self.house.data / "pki", self.house.folder
        gateway, name = self.database("SELECT id, common_name FROM gateway WHERE key = ?", box.name)[0]
        above, = self.database("SELECT common_name FROM gateway WHERE key = ?", below)[0]
        extensions = folder / "extensions"
        extensions.write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                              "extendedKeyUsage=clientAuth,serverAuth\n")
        for argv in (["req", "-new", "-key", box.dir / "gateway.key", "-subj", f"/CN={name}/OU={above}", "-out",
                      folder / "request.pem"],
                     ["x509", "-req", "-in", folder / "request.pem", "-CA", pki / "authority.pem", "-CAkey",
                      pki / "authority.key", "-days", days, "-set_serial", serial, "-extfile", extensions, "-out",
                      box.dir / "gateway.pem"]):
            subprocess.run(["openssl", *map(str, argv)], check=True, capture_output=True)
        now_us = int(time.time() * 1e6)
        self.database("INSERT INTO gateway_certificate VALUES (?, ?, ?, ?, ?, 0)", serial, gateway, name, now_us,
                      now_us + days * 86_400_000_000)

    def connects(self, key, seconds=40):
        wait_until(lambda: self.gateway(key)["connected"], seconds,
                   f"{key}: {[box.output()[-600:] for box in self.boxes.values()]}")


@tap.test
def a_collector_believes_the_concentrator_that_it_stands_below(world):
    stairs, attic = world.box("stairs", listens=True), world.box("attic")
    stairs.start(world.port)
    world.let_in(stairs, "--key", "stairs")
    world.connects("stairs")
    stairs.says("event=listening")
    attic.start(stairs.port)
    world.let_in(attic, "--key", "attic", "--parent", "stairs")
    world.connects("attic")
    wait_until(lambda: world.gateway("attic")["applied_version"], 20, "its first configuration, through the concentrator")


@tap.test
def a_gateway_that_poses_as_the_tier_above_is_not_believed(world):
    thief, attic, stairs = world.box("thief", listens=True), world.boxes["attic"], world.boxes["stairs"]
    thief.start(world.port)
    world.let_in(thief, "--key", "thief")
    thief.says("event=listening")
    attic.start(thief.port)
    attic.says("does not stand above this one")
    assert "event=connected" in attic.output(), "its certificate is one of ours"
    attic.start(stairs.port)
    attic.says("event=connected")
    world.connects("attic")
    assert "not_trusted" not in attic.output(), attic.output()
    attic.start(world.port)  # the centre may always
    attic.says("event=connected")
    wait_until(lambda: world.gateway("attic")["connected"], 20, "the collector at the centre itself")
    assert "not_trusted" not in attic.output(), attic.output()


@tap.test
def a_box_that_is_shown_another_authority_makes_another_key(world):
    box = world.box("new")
    box.start(world.other_port)
    first = box.code()
    box.start(world.other_port)
    assert box.code() == first, "the same authority, and another key"
    assert "event=new-key" not in box.output()
    box.start(world.port)
    second = box.code()
    assert second != first and "event=new-key" in box.output(), box.output()
    box.start(world.other_port)
    assert box.code() not in (first, second), "a key was shown to two authorities"
    box.start(world.port)
    world.let_in(box, "--key", "new")  # its newest request is the one that the code is for
    world.connects("new")


@tap.test
def a_certificate_below_a_concentrator_is_renewed_by_itself(world):
    attic, stairs = world.boxes["attic"], world.boxes["stairs"]
    attic.stop()
    world.stop_server()
    world.shorten(attic, "stairs", 20, 4711)
    short, before = (attic.dir / "gateway.pem").read_bytes(), world.certificates("attic")
    world.start_server()
    world.connects("stairs", 90)
    attic.start(stairs.port)
    attic.says("event=certificate_renewed", 60)
    assert (attic.dir / "gateway.pem").read_bytes() != short
    assert world.certificates("attic") == before + 1
    said = subprocess.run(["openssl", "x509", "-in", attic.dir / "gateway.pem", "-noout", "-subject", "-checkend",
                           str(1800 * 86400)], capture_output=True, text=True)
    above = world.database("SELECT common_name FROM gateway WHERE key = 'stairs'")[0][0]
    assert said.returncode == 0 and above in said.stdout, said
    world.connects("attic", 60)
    assert "not_trusted" not in attic.output(), attic.output()
    events = wait_until(lambda: [e for e in world.house.get("/api/v1/gateway-events?limit=100")["items"]
                                 if e["kind"] == "certificate-ends"], 30, "that people have heard of the twenty days")
    assert [(e["gateway_id"], e["value"]) for e in events] == [(world.gateway("attic")["id"], 19)], events


@tap.test
def a_key_that_was_revoked_is_not_renewed(world):
    """The box was stolen, another one has taken its place, and it asks again below the same concentrator."""
    stairs, stolen, spare = world.boxes["stairs"], world.box("cellar"), world.box("cellar-2")
    stolen.start(stairs.port)
    world.let_in(stolen, "--key", "cellar", "--parent", "stairs")
    world.connects("cellar", 60)
    done = world.house.heng("gateway", "revoke", "cellar", "--who", "e2e", "--why", "stolen", "--url", world.house.url)
    assert done.returncode == 0, done
    stolen.stop()
    spare.start(stairs.port)
    world.let_in(spare, "--key", "cellar")
    world.connects("cellar", 90)
    spare.stop()
    world.stop_server()
    world.database("UPDATE gateway_certificate SET expires_us = ? WHERE revoked_us = 0 AND gateway_id ="
                   " (SELECT id FROM gateway WHERE key = 'cellar')", int((time.time() + 20 * 86400) * 1e6))
    before = world.certificates("cellar")
    world.start_server()
    world.connects("stairs", 90)
    (stolen.dir / "gateway.pem").unlink()
    stolen.start(stairs.port)
    wait_until(lambda: "event=not_renewed" in world.house.server.output(), 60, f"its request: {stolen.output()[-1000:]}")
    time.sleep(3)
    assert world.certificates("cellar") == before and "event=enrolled" not in stolen.output(), stolen.output()[-1000:]
    stolen.stop()


@tap.test
def a_concentrator_is_replaced_and_those_below_stay(world):
    stairs, attic = world.boxes["stairs"], world.boxes["attic"]
    attic.start(stairs.port)
    attic.says("event=connected")
    world.connects("attic")
    done = world.house.heng("gateway", "revoke", "stairs", "--who", "e2e", "--why", "broken", "--url", world.house.url)
    assert done.returncode == 0, done
    stairs.stop()
    spare = world.box("spare", listens=True)
    spare.port = stairs.port
    spare.start(world.port)
    world.let_in(spare, "--key", "stairs")
    world.connects("stairs")
    begin = time.time()
    wait_until(lambda: (g := world.gateway("attic"))["connected"] and g["config_version"] == g["applied_version"], 90,
               f"the collector below the new box: {attic.output()[-1000:]}")
    assert "not_trusted" not in attic.output(), attic.output()
    print(f"# back after {time.time() - begin:.0f} s")
    # And who has found the old box cannot lead the collector with it: it is in its configuration now.
    spare.stop()
    stairs.start(world.port)
    stairs.says("event=listening")
    attic.says("event=not_trusted", 60)


@tap.test
def all_end_cleanly(world):
    for box in world.boxes.values():
        box.stop()
    for house in (world.house, world.other):
        assert house.server.end() == 0, house.server.output()[-2000:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--only", default="", help="just the tests whose name contains this")
    args = parser.parse_args()
    with House(args.bin) as house, House(args.bin) as other:
        world = World(house, other)
        try:
            sys.exit(1 if tap.run(world, only=args.only) else 0)
        finally:
            for box in world.boxes.values():
                if box.program and box.program.alive():
                    box.program.end()


if __name__ == "__main__":
    main()
