"""Java, Kotlin, Scala, Groovy and Clojure: causes, suppressed exceptions, and names that compilers make."""

from __future__ import annotations

import pytest

from tests.telemetry.stacks.told import chain, origin, owners, shown


def at(where: str, source: str = "Depot.java:12") -> str:
    """A stack of one frame."""
    return f"java.lang.Error: x\n\tat {where}({source})\n"


@pytest.mark.parametrize(
    ("where", "written"),
    [
        ("net.acme.Depot.lambda$load$3", "net.acme.Depot.load"),
        ("net.acme.Depot.lambda$new$0", "net.acme.Depot.<init>"),
        ("net.acme.Depot$1.run", "net.acme.Depot.run"),
        ("net.acme.Depot$1Helper.run", "net.acme.Depot$Helper.run"),
        ("net.acme.Depot$Shelf.add", "net.acme.Depot$Shelf.add"),
        ("app//net.acme.Depot.load", "net.acme.Depot.load"),
        ("stock@1.4/net.acme.Depot.load", "net.acme.Depot.load"),
        ("net.acme.DepotKt.load$default", "net.acme.DepotKt.load"),
        ("net.acme.DepotKt.load$lambda$0", "net.acme.DepotKt.load"),
        ("net.acme.Depot.access$load", "net.acme.Depot.load"),
        ("net.acme.Depot$load$2.invokeSuspend", "net.acme.Depot$load.invokeSuspend"),
        ("net.acme.Depot$.$anonfun$load$1", "net.acme.Depot.load"),
        ("net.acme.Depot$$anonfun$load$1.apply", "net.acme.Depot.load"),
        ("net.acme.Depot$_load_closure4.doCall", "net.acme.Depot.load"),
        ("acme.depot$load_shelf__8123$fn__8130.invoke", "acme.depot$load_shelf$fn.invoke"),
        ("net.acme.DepotTests.a shelf is full", "net.acme.DepotTests.a shelf is full"),
    ],
)
def test_names_of_compilers_are_brought_to_the_written_ones(where: str, written: str) -> None:
    assert [function for function, _ in owners(at(where))] == [written]


@pytest.mark.parametrize(
    ("where", "owner"),
    [
        ("net.acme.Depot.load", "own"),
        ("java.base/java.util.ArrayList.get", "runtime"),
        ("kotlinx.coroutines.DispatchedTask.run", "runtime"),
        ("net.acme.Depot$$SpringCGLIB$$0.load", "runtime"),
        ("net.acme.Depot$$EnhancerBySpringCGLIB$$5f3a1b.load", "runtime"),
        ("net.acme.Depot$$FastClassBySpringCGLIB$$77.invoke", "runtime"),
        ("jdk.proxy2/jdk.proxy2.$Proxy88.load", "runtime"),
        ("net.acme.Depot$$Lambda/0x00007f1b2c.apply", "runtime"),
        ("net.acme.Depot$$Lambda$77/12345.apply", "runtime"),
        ("net.acme.Depot$HibernateProxy$Ab3.getId", "runtime"),
        ("net.acme.Depot$MockitoMock$991.load", "runtime"),
        ("net.acme.Depot$ByteBuddy$x1.load", "runtime"),
        ("org.junit.jupiter.engine.execution.MethodInvocation.proceed", "runtime"),
        ("org.mockito.internal.handler.MockHandlerImpl.handle", "library"),
        ("org.springframework.web.servlet.FrameworkServlet.service", "library"),
        ("net.acme.DepotTest.loads", "test"),
        ("net.acme.TestDepot.loads", "test"),
        ("net.acme.DepotIT.loads", "test"),
        ("net.acme.Contest.load", "own"),
        ("net.acme.AUDIT.load", "own"),
    ],
)
def test_whose_code_a_method_is(where: str, owner: str) -> None:
    assert [each for _, each in owners(at(where))] == [owner]


@pytest.mark.parametrize(
    "source", ["Depot.java:12", "Depot.java", "Unknown Source", "SourceFile:3", "Unknown Source:7"]
)
def test_the_key_does_not_depend_on_what_is_known_of_the_file(source: str) -> None:
    assert origin(at("net.acme.Depot.load", source)) == "net.acme.Depot.load"


CAUSED = (
    "net.acme.DeliveryException: not delivered\n"
    "\tat net.acme.Van.drive(Van.java:8)\n\tat net.acme.App.main(App.java:2)\n"
    "\tSuppressed: net.acme.CloseException: door\n\t\tat net.acme.Van.close(Van.java:40)\n\t\t... 1 more\n"
    "\tCaused by: java.io.IOException: rust\n\t\tat net.acme.Door.shut(Door.java:4)\n"
    "Caused by: java.lang.IllegalStateException: no fuel\n"
    "\tat java.base/java.util.Objects.check(Objects.java:1)\n\t... 2 more\n"
)


def test_a_cause_has_the_frames_that_it_shares_and_suppressed_exceptions_are_none() -> None:
    assert chain(CAUSED) == [
        ("net.acme.DeliveryException", "not delivered"),
        ("java.lang.IllegalStateException", "no fuel"),
    ]
    assert origin(CAUSED) == "IllegalStateException: net.acme.Van.drive < net.acme.App.main"
    assert shown(CAUSED) == "net.acme.Van.drive Van.java:8"


def test_a_log_that_begins_with_the_root_cause_has_the_same_origin() -> None:
    usual = (
        "a.Outer: o\n\tat net.acme.Van.drive(Van.java:8)\n"
        "Caused by: a.Inner: i\n\tat net.acme.Tank.fill(Tank.java:3)\n\t... 1 common frames omitted\n"
    )
    root_first = (
        "a.Inner: i\n\tat net.acme.Tank.fill(Tank.java:3)\n\t... 1 common frames omitted\n"
        "Wrapped by: a.Outer: o\n\tat net.acme.Van.drive(Van.java:8)\n"
    )

    assert origin(usual) == origin(root_first) == "Inner: net.acme.Tank.fill"
    assert chain(usual) == chain(root_first)


def test_the_runner_and_the_test_are_not_what_failed() -> None:
    test = "\tat net.acme.DepotTest.{}(DepotTest.java:{})\n\tat org.junit.runners.ParentRunner.run(Runner.java:1)\n"
    stack = "E: a sentence\n\tat net.acme.Depot.load(Depot.java:12)\n"

    assert origin(stack + test.format("loads", 3), 2) == origin(stack + test.format("loadsAgain", 9), 2)
    assert origin("E: x\n" + test.format("loads", 3)) == "net.acme.DepotTest.loads"
