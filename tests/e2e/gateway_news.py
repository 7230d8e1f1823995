#!/usr/bin/env python3
"""What an operator hears of gateways that are not trusted, come with another key, or come twice.

tests/e2e/gateway_news.py --bin build/dev/bin [--only WORD]
"""
import contextlib
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Program, Tap, main, wait_until  # noqa: E402
from trust import Box, World  # noqa: E402

tap = Tap()


class Numbered(Box):
    """A box with a serial number on it."""

    def start(self, port):
        self.stop()
        self.starts += 1
        self.program = Program([self.house.bin / "heng-gateway", "run", "--dir", str(self.dir), "--server",
                                f"127.0.0.1:{port}", "--name", self.name, "--serial", "SN-4711"],
                               self.house.folder / f"{self.name}-{self.starts}.log")


def events(world, kind, key=None):
    """Those of a kind; key: of this gateway."""
    of = world.gateway(key)["id"] if key else None
    items = world.house.get("/api/v1/gateway-events?limit=100")["items"]
    return [event for event in items if event["kind"] == kind and (key is None or event.get("gateway_id") == of)]


def hears(world, kind, key, *words):
    return wait_until(lambda: [e for e in events(world, kind, key) if all(word in e.get("detail", "") for word in words)],
                      40, f"an event {kind} of {key} with {words}: {[e for e in events(world, kind)]}")


@tap.test
def one_that_poses_as_the_server_is_told_of_afterwards(world):
    """The box cannot tell while it is fooled; it keeps the event, and the true server hears of it."""
    attic, thief = world.box("attic"), world.box("thief", listens=True)
    attic.start(world.port)
    world.let_in(attic, "--key", "attic")
    world.connects("attic")
    thief.start(world.port)
    world.let_in(thief, "--key", "thief")
    thief.says("event=listening")
    attic.start(thief.port)
    attic.says("event=not_trusted")
    attic.start(world.port)
    hears(world, "not-trusted", "attic", "does not stand above this one", f"127.0.0.1:{thief.port}")
    before = len(events(world, "not-trusted", "attic"))
    attic.start(world.other_port)  # a server of another authority
    attic.says("event=not_trusted")
    attic.start(world.port)
    hears(world, "not-trusted", "attic", "certificate")
    assert len(events(world, "not-trusted", "attic")) > before


@tap.test
def a_key_that_was_made_anew_is_told_of_when_it_is_let_in(world):
    box = world.box("new")
    box.start(world.other_port)
    first = box.code()
    box.start(world.port)
    assert box.code() != first
    world.let_in(box, "--key", "new")
    hears(world, "new-key", "new", "another-authority")


@tap.test
def a_known_box_that_asks_with_another_key_is_told_at_once(world):
    """Its disk was changed, or somebody says that he is it: nobody has to be let in for that to be seen."""
    box, other = (world.boxes.setdefault(name, Numbered(world.house, name)) for name in ("cellar", "cellar-anew"))
    box.start(world.port)
    world.let_in(box, "--key", "cellar")
    assert not events(world, "new-key", "cellar")
    other.start(world.port)
    other.code()
    hears(world, "new-key", "cellar", "SN-4711")
    other.stop()


@tap.test
def a_revoked_box_is_told_of_by_its_name(world):
    box = world.boxes["cellar"]
    world.connects("cellar")
    box.stop()  # or the end of its connection is the news
    done = world.house.heng("gateway", "revoke", "cellar", "--who", "e2e", "--why", "stolen", "--url", world.house.url)
    assert done.returncode == 0, done
    box.start(world.port)
    hears(world, "refused", "cellar", "reason=revoked")
    box.stop()


@tap.test
def a_copy_of_a_box_is_told_of(world):
    box = world.boxes["new"]
    box.stop()
    copy = world.box("copy")
    shutil.copytree(box.dir, copy.dir, ignore=lambda _, names: [name for name in names if name.endswith(".sock")])
    box.start(world.port)
    box.says("event=connected")
    world.connects("new")
    copy.start(world.port)
    hears(world, "replaced", "new", "twice before=127.0.0.1:")
    copy.stop()


@tap.test
def the_first_page_has_a_list_of_them(world):
    shown = {gateway["key"] for gateway in world.house.get("/api/v1/gateways?show=trouble")["items"]}
    world.boxes["attic"].stop()
    wait_until(lambda: "attic" in {g["key"] for g in world.house.get("/api/v1/gateways?show=trouble")["items"]}, 20,
               "one that is away")
    assert "cellar" not in shown, "one that was revoked is in no trouble"
    assert len(world.house.get("/api/v1/gateways")["items"]) == 4


@contextlib.contextmanager
def world(binaries):
    with House(binaries) as house, House(binaries) as other:
        made = World(house, other)
        try:
            yield made
        finally:
            for box in made.boxes.values():
                if box.program and box.program.alive():
                    box.program.end()


if __name__ == "__main__":
    main(tap, world, __doc__)
