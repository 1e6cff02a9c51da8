"""Sightsmith for other agents by the Model Context Protocol (the official SDK): tools, resources, progress, approval.

A plan is approved by the person, whom the client asks (elicitation), or by an explicit argument of the call; what may
be read and spent at all was settled when the server was started, see `agent.mcp.door`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field

from agent import detached
from agent.mcp.door import Door, question_text, worded
from agent.run_folder import list_runs
from tools.core.errors import FixArguments, SightsmithError
from tools.core.files import json_text
from tools.core.task import slug
from tools.data.formats import Form

if TYPE_CHECKING:
    from mcp.server.fastmcp import Context, FastMCP

T = TypeVar("T")
_INSTRUCTIONS = """Sightsmith makes a tested image recogniser (classify, detect or segment) out of one sentence, with
no photos, labels or GPU needed. build starts a run, whose plan a person approves; it takes minutes, and status or watch
says how far it is. predict, label and export use the model of a finished run. Scores on rendered pictures are
synthetic: never call them accuracy. Photos can be read only from folders that the owner of this server allowed."""
_UNCLEAR, _WAITS, _REFUSED = 2, 3, 4  # exit codes of `sightsmith ask` that come with an answer
_Run = Annotated[str, Field(description="name of a run, as list_runs has it")]
_Photos = Annotated[list[str], Field(description="photos, or folders of photos, within the allowed folders")]


class Approval(BaseModel):
    """What a person is asked about a plan."""

    approve: bool = Field(description="Shall the work begin?")
    changes: str = Field("", description="What to change instead, in your words")


class PersonsAnswer(BaseModel):
    """What a person is asked besides."""

    answer: str = Field(description="Your answer")


def make_server(door: Door, host: str = "127.0.0.1", port: int = 8765, local: bool = True) -> "FastMCP[Any]":
    """The server; `run` and `http_app` serve it.

    Args:
        door: what callers may do.
        host: for HTTP.
        port: for HTTP.
        local: only this machine's own programs are answered, by the Host and Origin that they send.
    """
    from mcp.server.fastmcp import FastMCP
    from mcp.server.transport_security import TransportSecuritySettings

    names = ("127.0.0.1", "localhost", "[::1]")
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=local, allowed_hosts=[f"{n}:{port}" for n in names],
        # Pages of other origins, those of other ports too, may not call; programs send no Origin.
        allowed_origins=[f"http://{n}:{port}" for n in names],
    )  # fmt: skip
    server: FastMCP[Any] = FastMCP(
        "sightsmith", instructions=_INSTRUCTIONS, host=host, port=port, transport_security=security, log_level="WARNING"
    )
    _add_run_tools(server, door)
    _add_photo_tools(server, door)
    _add_resources(server, door)
    return server


# Tools about runs -------------------------------------------------------------------------------------------------


def _add_run_tools(server: "FastMCP[Any]", door: Door) -> None:
    from mcp.server.fastmcp import Context
    from mcp.types import ToolAnnotations

    reads = ToolAnnotations(readOnlyHint=True, openWorldHint=False)

    @server.tool()
    async def build(
        ctx: Context[Any, Any, Any],
        request: Annotated[str, Field(description='what to recognise, e.g. "segment apples in an orchard"')],
        effort: Literal["quick", "standard", "thorough"] | None = None,
        images: Annotated[int | None, Field(ge=8, description="pictures in all")] = None,
        rounds: Annotated[int | None, Field(ge=1, le=20)] = None,
        minutes: Annotated[float | None, Field(gt=0, description="wall-clock limit")] = None,
        money: Annotated[float, Field(ge=0, description="US dollars for paid services; 0: none are used")] = 0.0,
        real: Annotated[str | None, Field(description="folder of labelled photos to measure on")] = None,
        few: Annotated[str | None, Field(description="a few photos or a video of a thing to be learnt from")] = None,
        approve: Annotated[bool, Field(description="the person has approved whatever plan fits these limits")] = False,
        wait: Annotated[bool, Field(description="answer when the run has ended, with progress on the way")] = False,
    ) -> str:
        """Make a recogniser from one sentence. The plan is shown to the person first, unless approve is true."""
        options = {"effort": effort, "images": images, "rounds": rounds, "minutes": minutes, "money": money}
        name = await _plainly(lambda: _in_thread(door.start, request, options, real, few))
        return await _followed(door, name, ctx, approve=approve, wait=wait)

    @server.tool()
    async def answer(
        ctx: Context[Any, Any, Any],
        run: _Run,
        text: Annotated[str, Field(description="the person's words; yes approves a plan; empty goes on")] = "",
        wait: bool = False,
    ) -> str:
        """Answer the question that a run waits with, in the person's words, or go on with a run that was stopped."""

        async def go_on() -> None:
            record = detached.current(door.folder(run))
            if record.status == "finished":
                raise FixArguments(f"{run} is finished and waits for no answer")
            if record.status == "needs_answer" and not text.strip():
                raise FixArguments(f"{run} waits for an answer to: {question_text(record.question or {})}")
            given = text if record.status == "needs_answer" else None
            await _in_thread(lambda: detached.go_on(door.visit(run), {}, answer=given, visitor=True))

        await _plainly(go_on)
        return await _followed(door, run, ctx, approve=False, wait=wait)

    @server.tool()
    async def follow_up(
        ctx: Context[Any, Any, Any],
        run: _Run,
        message: Annotated[str, Field(description='the person\'s words, e.g. "it misses green ones"')],
        photos: Annotated[
            list[str] | None, Field(description="photos that come with it, within allowed folders")
        ] = None,
        approve: Annotated[bool, Field(description="the person has approved whatever plan comes of it")] = False,
        wait: bool = False,
    ) -> str:
        """Ask about a run, or say what should change; what costs anything is a plan that the person approves first."""

        async def said() -> dict[str, Any]:
            places = [f"--photo={door.place(p)}" for p in photos or ()]
            await _in_thread(door.visit, run)
            codes = (_WAITS, _REFUSED, _UNCLEAR)
            reply: dict[str, Any] = json.loads(
                await door.command("ask", "--json", *places, "--", run, message, also=codes)
            )
            return reply

        reply = await _plainly(said)
        if reply["outcome"] != "waits":
            return json_text(reply)
        door.paid.add(reply["run"])  # of the same money as the run it goes on from
        return await _followed(door, reply["run"], ctx, approve=approve, wait=wait)

    @server.tool(annotations=reads)
    async def status(run: _Run) -> str:
        """Where a run stands: its question, scores, weak points, and what can be done next."""
        return json_text(await _plainly(lambda: _in_thread(door.status, run)))

    @server.tool(annotations=reads)
    async def watch(ctx: Context[Any, Any, Any], run: _Run) -> str:
        """Wait for a run that works, with progress on the way, until it ends or needs an answer."""
        return await _followed(door, run, ctx, approve=False, wait=True)

    @server.tool(name="list_runs", annotations=reads)
    async def all_of_them() -> str:
        """All runs, newest first: name, request, status."""
        records = await _in_thread(detached.all_runs, door.runs_dir)
        return json_text([{"run": r.name, "request": r.request, "status": r.status} for r in records])

    @server.tool()
    async def stop(run: _Run) -> str:
        """Stop a run after the step in hand; nothing done is lost."""
        stopped = await _plainly(lambda: _in_thread(lambda: detached.stop(door.folder(run))))
        return f"{run} stops after the step in hand" if stopped else f"nobody works on {run}"


async def _followed(door: Door, run: str, ctx: "Context[Any, Any, Any]", *, approve: bool, wait: bool) -> str:
    """Go along with a run; questions are put to the person where the client can ask."""

    async def told(done: float, total: float | None, sentence: str) -> None:
        await ctx.report_progress(done, total, sentence)

    async def asked(question: dict[str, Any]) -> str | None:
        plan = question.get("kind") == "approve"
        if plan and approve:
            return "yes"
        return await _elicited(ctx, question_text(question), plan)

    return json_text(await _plainly(lambda: door.follow(run, told, asked, wait=wait)))


async def _elicited(ctx: "Context[Any, Any, Any]", text: str, plan: bool) -> str | None:
    """The person's answer through the client; None where it cannot ask, or he does not answer."""
    from mcp.types import ClientCapabilities, ElicitationCapability

    if not ctx.session.check_client_capability(ClientCapabilities(elicitation=ElicitationCapability())):
        return None
    if plan:
        reply = await ctx.elicit(text, Approval)
        if reply.action != "accept":
            return "no" if reply.action == "decline" else None
        return reply.data.changes.strip() or ("yes" if reply.data.approve else "no")
    said = await ctx.elicit(text, PersonsAnswer)
    return said.data.answer.strip() or None if said.action == "accept" else None


# Tools about photos -----------------------------------------------------------------------------------------------


def _add_photo_tools(server: "FastMCP[Any]", door: Door) -> None:
    from mcp.server.fastmcp import Context

    @server.tool()
    async def predict(
        ctx: Context[Any, Any, Any],
        run: _Run,
        photos: _Photos,
        confidence: Annotated[float | None, Field(ge=0, le=1)] = None,
    ) -> str:
        """Run a run's model on photos: what is where as JSON, and images with it drawn in, in the run's folder."""

        async def work() -> str:
            door.folder(run)
            places = [str(door.place(p)) for p in photos]
            flags = [] if confidence is None else [f"--confidence={confidence}"]
            return await _with_progress(ctx, "looking", door.command("predict", *flags, "--", run, *places))

        return await _plainly(work)

    @server.tool()
    async def label(
        ctx: Context[Any, Any, Any],
        photos: _Photos,
        classes: Annotated[str, Field(description='"apple" or "apple,pear"')],
        kind: Literal["segment", "detect", "classify"] = "segment",
        form: Annotated[Form, Field(description="format of the labels")] = "coco",
        model: Annotated[str | None, Field(description="name of a run; left out: the best engine here")] = None,
    ) -> str:
        """Label photos: labels in a new folder beside the runs, how far to trust them, what a person should look at."""

        async def work() -> str:
            places = [str(door.place(p)) for p in photos]
            if model is not None:
                door.folder(model)
            to = door.runs_dir.resolve() / "labelled" / (slug(f"{Path(places[0]).stem} {classes}") or "photos")
            flags = [f"--classes={classes}", f"--kind={kind}", f"--out={form}", f"--to={to}", "--json"]
            flags += [f"--model={model}"] if model else []
            return await _with_progress(ctx, "labelling", door.command("label", *flags, "--", *places))

        return await _plainly(work)

    @server.tool()
    async def export(
        ctx: Context[Any, Any, Any],
        run: _Run,
        formats: Annotated[
            list[str] | None, Field(description="yolo, coco, voc, cvat, masks, llava, ...; the first four by default")
        ] = None,
    ) -> str:
        """Write a run's data set and model for other tools, into its folder."""

        async def work() -> str:
            door.folder(run)
            flags = [f"--format={f}" for f in formats or ()]
            return await _with_progress(ctx, "writing", door.command("export", *flags, "--", run))

        return await _plainly(work)


# Resources --------------------------------------------------------------------------------------------------------


def _add_resources(server: "FastMCP[Any]", door: Door) -> None:
    @server.resource("sightsmith://runs", mime_type="application/json")
    def runs() -> str:
        """All runs, newest first."""
        records = list_runs(door.runs_dir)
        return json_text([{"run": r.name, "request": r.request, "status": r.status} for r in records])

    @server.resource("sightsmith://runs/{run}", mime_type="application/json")
    def record(run: str) -> str:
        """Everything that is on record about a run."""
        return json.dumps(door.record(run), ensure_ascii=False)

    @server.resource("sightsmith://runs/{run}/report", mime_type="text/markdown")
    def report(run: str) -> str:
        """What a run made, measured and found weak."""
        return door.report(run)


async def _with_progress(ctx: "Context[Any, Any, Any]", doing: str, work: Awaitable[T]) -> T:
    """What a command that is one step gives; its beginning and end are told."""
    await ctx.report_progress(0, 1, doing)
    said = await work
    await ctx.report_progress(1, 1, "done")
    return said


async def _plainly(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` gives; a refusal reaches the client as its sentence alone."""
    from mcp.server.fastmcp.exceptions import ToolError

    try:
        return await work()
    except SightsmithError as error:
        raise ToolError(worded(error)) from None


async def _in_thread(work: Callable[..., T], *arguments: Any) -> T:
    return await asyncio.to_thread(work, *arguments)


# HTTP -------------------------------------------------------------------------------------------------------------


def http_app(server: "FastMCP[Any]", keys: Any = None) -> Any:
    """The server as an ASGI app at /mcp; with keys only who sends one (Authorization: Bearer KEY) is answered."""
    app = server.streamable_http_app()
    if keys is None:
        return app
    from starlette.responses import JSONResponse

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            sent = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
            if not sent.lower().startswith("bearer ") or keys.find(sent[7:]) is None:
                refusal = JSONResponse({"detail": "send a key of this server as Authorization: Bearer KEY"}, 401)
                return await refusal(scope, receive, send)
        await app(scope, receive, send)

    return guarded
