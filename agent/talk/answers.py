"""Questions about a run, answered from its record alone: no model is asked, nothing is worked on or changed."""

import json
from collections.abc import Callable
from pathlib import Path

from agent.requests.questions import Language
from agent.talk.use_it import how_to_use
from tools.data.scores import Diagnosis, Evaluation
from tools.runs.runtime import RunRecord

_ON = {
    "en": {"real_test": "real photos that it never saw", "cross_val": "your photos, each judged by a model that had "
                                                                      "not seen it",
           "real_val": "the real photos that decide", "synthetic_test": "rendered test pictures",
           "synthetic_val": "rendered validation pictures"},
    "zh": {"real_test": "没见过的真实照片", "cross_val": "您的照片（每张由未见过它的模型评判）", "real_val": "用于决"
                                                                                   "策的真实照片",
           "synthetic_test": "渲染的测试图片", "synthetic_val": "渲染的验证图片"},
}  # fmt: skip
_ERRORS = {
    "en": {"missed": "not found at all", "merged": "taken together with a neighbour", "background": "found where "
                                                                                                    "nothing is",
           "loose mask": "found with an outline that fits badly", "wrong class": "given the wrong class", "double":
               "found twice"},
    "zh": {"missed": "完全没找到", "merged": "和旁边的合成一个", "background": "在没有物体的地方误报", "loose mask":
        "找到了但轮廓不准",
           "wrong class": "类别认错", "double": "重复找到"},
}  # fmt: skip
FEW_IMAGES = 30  # of a set, under which its score says little
_LOW = 0.5  # share found or right, under which it is worth a word


def answer(kind: str, folder: Path, record: RunRecord, language: Language, number: int | None, device: str) -> str:
    """The answer to a question.

    Args:
        kind: one of `agent.followup.Question`.
        folder: of the run.
        record: of the run.
        language: of the answer.
        number: that the question names, such as of images.
        device: that the question names: python, phone, pi, http, shell, or none.
    """
    told = _Told(folder, record, language)
    if kind == "use":
        return how_to_use(folder, record, language, device)
    if kind == "speed":
        return told.speed(number)
    tellers: dict[str, Callable[[], str]] = {
        "why": told.why, "score": told.score, "confusions": told.confusions, "weak": told.weak,
        "pictures": told.images, "cost": told.cost, "files": told.files, "status": told.status, "about": told.about,
    }  # fmt: skip
    return tellers[kind]()


class _Told:
    """The sentences about one run in one language."""

    def __init__(self, folder: Path, record: RunRecord, language: Language) -> None:
        self.folder, self.record, self.language = folder, record, language

    def say(self, english: str, chinese: str) -> str:
        """The one in the language of the answer."""
        return chinese if self.language == "zh" else english

    # Scores -------------------------------------------------------------------------------------------------------

    def score(self) -> str:
        """How good it is, and on what that was measured."""
        scores = [e for e in self.record.scores.values() if e.score is not None]
        if not scores:
            return self._nothing_measured()
        shown = [e for e in scores if e.on in ("real_test", "cross_val", "synthetic_test")] or scores[:1]
        lines = [self._in_words(e) for e in shown]
        if all(e.on.startswith("synthetic") for e in shown):
            lines.append(self.say(
                "How it does on real photos is not known: none with labels were given. Bring some: --real DIR.",
                "没有带标注的真实照片，所以还不知道它在真实照片上的表现：可以用 --real 目录 提供。",
            ))  # fmt: skip
        return "\n".join(lines)

    def _in_words(self, e: Evaluation) -> str:
        """'Of 10 things it finds about 8': recall and precision as counts, then the number that experts ask for."""
        where, count = _ON[self.language][e.on], e.images
        if e.accuracy is not None:
            return self.say(f"Of 10 pictures it names about {round(10 * e.accuracy)} right ({count} {where}).",
                            f"10 张图里大约判对 {round(10 * e.accuracy)} 张（{count} 张{where}）。")  # fmt: skip
        found = (
            ""
            if e.recall is None
            else self.say(
                f"Of 10 things it finds about {round(10 * e.recall)}", f"10 个物体大约找到 {round(10 * e.recall)} 个"
            )
        )
        wrong = (
            ""
            if e.precision is None
            else self.say(
                f"of 10 finds about {round(10 * (1 - e.precision))} are wrong",
                f"10 个结果里大约 {round(10 * (1 - e.precision))} 个是错的",
            )
        )
        low, high = e.intervals.get(e.metric, (None, None))
        spread = f", {low:.2f}–{high:.2f}" if low is not None and high is not None else ""
        number = f"{e.metric.replace('_', ' ').replace('map', 'mAP')} {e.score:.2f}{spread}"
        said = self.say("; ", "；").join(filter(None, (found, wrong)))
        return self.say(f"{said} ({number}; on {count} {where}).", f"{said}（{number}；{count} 张{where}）。")

    def why(self) -> str:
        """Why the score is as it is: few images, weak classes and slices, errors, confusions."""
        decided = self.record.deciding_scores
        diagnosis = self._diagnosis()
        if decided is None or diagnosis is None:
            return self._nothing_measured()
        lines = [self._in_words(decided)]
        if diagnosis.errors:
            kinds = list(diagnosis.errors.items())[:3]
            named = ", ".join(f"{n} {_ERRORS[self.language].get(k, k)}" for k, n in kinds)
            lines.append(self.say(f"Most errors: {named}.", f"主要错误：{named}。"))
        lines += [line for line in (self._weak_line(diagnosis), self._confused_line(diagnosis)) if line]
        if decided.recall is not None and decided.precision is not None and decided.recall < _LOW <= decided.precision:
            lines.append(self.say("It is careful: what it finds is mostly right, but it finds too little.",
                                  "它比较谨慎：找到的多半是对的，但漏得多。"))  # fmt: skip
        made = self.record.images[0]
        few = decided.images < FEW_IMAGES
        if few:
            lines.append(self.say(
                f"It was measured on {decided.images} pictures only, so the number itself is uncertain.",
                f"只在 {decided.images} 张图上测量，数字本身就不确定。"))  # fmt: skip
        lines.append(self.say(
            f"It learnt from {made} pictures in {len(self.record.rounds)} round(s). \"Another round\" aims at what "
            f"is weak.",
            f"它从 {made} 张图、{len(self.record.rounds)} 轮中学习。说“再来一轮”就针对薄弱处再训练。"))  # fmt: skip
        return "\n".join(lines)

    def weak(self) -> str:
        """Where it is weak."""
        diagnosis = self._diagnosis()
        if diagnosis is None:
            return self._nothing_measured()
        line = self._weak_line(diagnosis)
        if line:
            return line
        low = ", ".join(f"{w.name} ({w.score:.2f})" for w in diagnosis.least_certain[:3])
        return self.say(
            "No part is weaker than the rest beyond noise." + (f" Lowest, perhaps by chance: {low}." if low else ""),
            "没有哪一部分明显更差（超出误差）。" + (f"最低的（可能是偶然）：{low}。" if low else ""))  # fmt: skip

    def confusions(self) -> str:
        """What it takes for what."""
        diagnosis = self._diagnosis()
        if diagnosis is None:
            return self._nothing_measured()
        return self._confused_line(diagnosis) or self.say(
            f"Nothing was taken for something else, on {_ON['en'][diagnosis.on]}.",
            f"在{_ON['zh'][diagnosis.on]}上没有发现认错。")  # fmt: skip

    def _weak_line(self, diagnosis: Diagnosis) -> str:
        named = ", ".join(f"{_slice(w.axis, w.value)} ({w.score:.2f}, {self.say('the rest', '其余')} {w.rest:.2f})"
                          for w in diagnosis.weak[:4])  # fmt: skip
        return self.say(f"Weak: {named}.", f"薄弱：{named}。") if named else ""

    def _confused_line(self, diagnosis: Diagnosis) -> str:
        pairs = [self.say(f"{c.truth} taken for {c.taken_for} ({c.count} times)", f"{c.truth} 被认成 "
                                                                                  f"{c.taken_for}（{c.count} 次）")
                 for c in diagnosis.confused[:4]]  # fmt: skip
        others = [self.say(f"{name}, which is no target ({n} of {diagnosis.lookalikes.get(name, n)})",
                           f"{name}（不是目标，{n} / {diagnosis.lookalikes.get(name, n)}）")
                  for name, n in list(diagnosis.mistaken.items())[:4]]  # fmt: skip
        if not (pairs or others):
            return ""
        names = ", ".join(self.record.task.class_names) if self.record.task else ""
        lines = [self.say(f"Confused: {', '.join(pairs)}.", f"混淆：{'，'.join(pairs)}。")] if pairs else []
        lines += (
            [self.say(f"Taken for {names}: {', '.join(others)}.", f"被当成{names}的：{'，'.join(others)}。")]
            if others
            else []
        )
        return "\n".join(lines)

    def _diagnosis(self) -> Diagnosis | None:
        chosen = self.record.best_round
        found = [chosen] if chosen is not None else []
        return next((r.diagnosis for r in [*found, *reversed(self.record.rounds)] if r.diagnosis is not None), None)

    def _nothing_measured(self) -> str:
        return self.say("No model of this run has been measured yet.", "这次运行还没有测量过的模型。")

    # Work and files -----------------------------------------------------------------------------------------------

    def speed(self, number: int | None) -> str:
        """How long images take in use, by the latency that was measured when the model was exported."""
        count = number or 1000
        model = self.record.exports.get("model")
        latency = model.get("latency_ms", {}) if isinstance(model, dict) else {}
        if not latency:
            return self.say(
                "That is measured when the model is exported; say \"export\", then ask again.",
                "导出模型时会测量速度；请先说“导出”，再问一次。")  # fmt: skip
        name, ms = min(latency.items(), key=lambda item: float(item[1]))
        seconds = count * float(ms) / 1000
        threads = model.get("threads") if isinstance(model, dict) else None
        return self.say(
            f"About {_duration(seconds, 'en')} for {count:,} pictures on this machine: {name} takes {float(ms):.0f} "
            f"ms a picture"
            f"{f' with {threads} threads' if threads else ''}, without reading files. `sightsmith predict` looks "
            f"twice at "
            "small things and draws the results, which takes some times as long.",
            f"在这台机器上，{count:,} 张图大约需要 {_duration(seconds, 'zh')}：{name} 每张 {float(ms):.0f} 毫秒"
            f"{f'（{threads} 线程）' if threads else ''}，不含读文件。`sightsmith predict` "
            f"会对小物体看两遍并画出结果，要慢几倍。")  # fmt: skip

    def images(self) -> str:
        """How many images there are."""
        kept, made = self.record.images
        inherited = int(self.record.totals.get("inherited", 0))
        also = (
            self.say(f", and {inherited} of the run it goes on from", f"，另有 {inherited} 张来自原来的运行")
            if inherited
            else ""
        )
        if self.record.few is not None and self.record.task is not None:
            return self.say(f"{self.record.task.budget.images} photos that you showed; none was made.",
                            f"{self.record.task.budget.images} 张您给的照片，没有生成图片。")  # fmt: skip
        return self.say(
            f"{made} pictures were made, {kept} of them kept{also}.", f"生成了 {made} 张图片，保留 {kept} 张{also}。"
        )

    def cost(self) -> str:
        """What it cost: minutes and money."""
        seconds, money = self.record.totals.get("seconds", 0.0), self.record.totals.get("money", 0.0)
        parts: dict[str, float] = {}
        for stage in self.record.stages:
            parts[stage.name] = parts.get(stage.name, 0.0) + stage.seconds
        longest = ", ".join(
            f"{n} {_duration(s, self.language)}" for n, s in sorted(parts.items(), key=lambda i: -i[1])[:3]
        )
        return self.say(
            f"{_duration(seconds, 'en')} of work ({longest or 'nothing yet'}), and ${money:.2f}.",
            f"耗时 {_duration(seconds, 'zh')}（{longest or '还没有'}），花费 ${money:.2f}。")  # fmt: skip

    def files(self) -> str:
        """Where the files are."""
        wanted = (
            ("export", self.say("model and data set to take away", "可带走的模型和数据集")),
            ("report.html", self.say("report", "报告")), ("images", self.say("pictures", "图片")),
            ("predictions", self.say("predictions", "预测结果")), ("run.json", self.say("the record", "记录")),
        )  # fmt: skip
        found = [f"{name}: {(self.folder / path).resolve()}" for path, name in wanted if (self.folder / path).exists()]
        return "\n".join(found)

    def status(self) -> str:
        """How far it is."""
        states = {
            "running": ("It is working", "正在运行"), "needs_answer": ("It waits for an answer", "在等您回答"),
            "finished": ("It is finished", "已完成"), "failed": ("It failed", "失败了"),
            "stopped": ("It was stopped", "已停止"),
        }  # fmt: skip
        rounds = len(self.record.rounds)
        budget = self.record.task.budget.rounds if self.record.task else 0
        step = _latest_step(self.folder) if self.record.status == "running" else ""
        said = self.say(*states[self.record.status])
        why = f": {self.record.error}" if self.record.error else ""
        now = self.say(f" Now: {step}.", f"当前：{step}。") if step else ""
        return self.say(
            f"{said}{why}. Round {rounds} of {budget}.{now}", f"{said}{why}。第 {rounds} 轮，共 {budget} 轮。{now}"
        )

    def about(self) -> str:
        """What the run is."""
        task = self.record.task
        if task is None:
            return self.say(
                f'Nothing is settled yet for "{self.record.request}".', f"“{self.record.request}”还没有确定。"
            )
        does = {"segment": ("outlines", "分割"), "detect": ("boxes", "检测"), "classify": ("tells apart", "分类")}[
            task.kind
        ]
        names = ", ".join(task.class_names)
        said = self.say(f"A recogniser that {does[0]} {names}.", f"{does[1]}模型，类别：{names}。")
        parent = self.record.parent
        return said + ("" if parent is None else self.say(f" It goes on from {parent}.", f"从 {parent} 接着做。"))


def _slice(axis: str, value: str) -> str:
    return value if axis in ("class", "light", "context", "weather", "viewpoint") else f"{axis} {value}"


def _duration(seconds: float, language: Language) -> str:
    units = ((3600, "hours", "小时"), (60, "minutes", "分钟"), (1, "seconds", "秒"))
    size, english, chinese = next((u for u in units if seconds >= 1.5 * u[0]), units[-1])
    value = seconds / size
    number = f"{value:.1f}".rstrip("0").rstrip(".") if value < 10 else f"{value:.0f}"
    return f"{number} {chinese}" if language == "zh" else f"{number} {english}"


def _latest_step(folder: Path) -> str:
    """The last progress that a worker told of: 'train 3/12'."""
    try:
        with (folder / "events.jsonl").open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 20_000))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for line in reversed(lines):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and event.get("kind") == "progress":
            return f"{event.get('stage')} {event.get('done')}/{event.get('total')}"
    return ""
