#!/usr/bin/env python3
"""End to end: who believes whom. A collector below a concentrator, a gateway that poses as the tier above, a box that is
shown two authorities, and a concentrator that is replaced, with real programs.

tests/e2e/trust.py --bin build/dev/bin [--only WORD]
"""
import argparse
import pathlib
import re
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
        self.port = free_port() if listens else 0

    def start(self, port):
        self.stop()
        self.starts += 1
        listen = ["--listen", f"127.0.0.1:{self.port}"] if self.port else []
        self.program = Program([self.house.bin / "heng-gateway", "run", "--dir", str(self.house.folder / self.name),
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
    assert "new_key" not in box.output()
    box.start(world.port)
    second = box.code()
    assert second != first and "event=new_key" in box.output(), box.output()
    box.start(world.other_port)
    assert box.code() not in (first, second), "a key was shown to two authorities"
    box.start(world.port)
    world.let_in(box, "--key", "new")  # its newest request is the one that the code is for
    world.connects("new")


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
