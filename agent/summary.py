"""The last words of a run, from the reports of its tools: what was made, what was measured and on what."""

import re
from collections.abc import Sequence
from typing import Any, Protocol

_SETS = {
    "en": {"synthetic_val": "rendered validation pictures", "synthetic_test": "rendered test pictures",
           "real_val": "real photos that decided", "real_test": "real photos kept aside for the test",
           "cross_val": "of your photos, each judged by a model that had not seen it"},
    "zh": {"synthetic_val": "渲染的验证图片", "synthetic_test": "渲染的测试图片", "real_val": "用于决策的真实照片",
           "real_test": "留作测试的真实照片", "cross_val": "您的照片（每张由未见过它的模型评判）"},
}  # fmt: skip
_MEASURES = ("evaluate_model", "learn_from_photos", "learn_from_examples")
_METRICS = ("mask_map50", "box_map50", "accuracy", "share_right")
_NAMES = {
    "en": {"mask_map50": "mask mAP50", "box_map50": "box mAP50", "accuracy": "accuracy",
           "share_right": "share of pictures told right"},
    "zh": {"mask_map50": "掩码 mAP50", "box_map50": "框 mAP50", "accuracy": "准确率", "share_right": "判对的图片比例"},
}  # fmt: skip


class Answered(Protocol):
    """A call and its answer, as `agent.conversation.AnsweredCall`."""

    @property
    def name(self) -> str:
        """The tool."""

    @property
    def done(self) -> bool:
        """It worked."""

    @property
    def reason(self) -> str:
        """Why not."""

    @property
    def report(self) -> dict[str, Any]:
        """What it said."""


def summarise(request: str, steps: Sequence[Answered]) -> str:
    """A plain summary in the language of the request. A score on rendered images is never called accuracy."""
    zh = re.search(r"[\u3400-\u9fff]", request) is not None
    evaluation = _kept_evaluation(steps)
    if evaluation is None:
        return _nothing_trained(steps, zh)
    lines = [_task_line(steps, zh), *_score_lines(evaluation.report, zh), *_shorter_line(evaluation.report, zh)]
    scores = evaluation.report.get("scores", {})
    if not any(not str(on).startswith("synthetic") for on in scores):
        lines.append(
            "没有真实照片参与评估，所以还不知道它在真实照片上的表现；用 --real 目录 可以测。"
            if zh
            else "No real photo was measured, so how it does on real photos is not known; --real DIR measures that."
        )
    lines += _weak_line(steps, zh) + _export_lines(steps, zh) + _failure_lines(steps, zh)
    return "\n".join(line for line in lines if line)


def summarise_labels(request: str, step: Answered) -> str:
    """A plain summary of photos that were labelled, or why they were not, in the language of the request."""
    zh = re.search(r"[\u3400-\u9fff]", request) is not None
    report = step.report
    if not step.done:
        return f"没有标注：{step.reason}" if zh else f"Nothing was labelled: {step.reason}"
    left = sum(report.get("left_out", {}).values())
    if zh:
        lines = [
            f"完成：{report.get('done')}。",
            f"方法：{report.get('by')}。",
            f"需要人工查看：{report.get('to_review')}。",
        ]
        lines += [f"跳过 {left} 张：{report['left_out']}。"] if left else []
        return "\n".join([*lines, f"文件：{report.get('written_to')}；报告：{report.get('report')}。"])
    lines = [f"Done: {report.get('done')}.", f"By: {report.get('by')}.", f"To look at: {report.get('to_review')}."]
    lines += [f"Left out {left} photos: {report['left_out']}."] if left else []
    return "\n".join([*lines, f"Written to {report.get('written_to')}; report: {report.get('report')}.",
                      f"How far to trust it: {report.get('trust')}."])  # fmt: skip


def _last(steps: Sequence[Answered], name: str) -> Answered | None:
    return next((s for s in reversed(steps) if s.name == name and s.done), None)


def _kept_evaluation(steps: Sequence[Answered]) -> Answered | None:
    """The last evaluation: its scores are of the model that is handed over, also where its own round was refused."""
    done = [s for s in steps if s.name in _MEASURES and s.done]
    return done[-1] if done else None


def _nothing_trained(steps: Sequence[Answered], zh: bool) -> str:
    failed = next((s for s in reversed(steps) if not s.done), None)
    reason = failed.reason if failed is not None else ""
    if zh:
        return f"没有训练出模型：{reason or '没有可执行的步骤'}"
    where = f"{failed.name} could not go on: " if failed is not None else ""
    return f"No model was trained. {where}{reason or 'no step could be taken'}"


def _task_line(steps: Sequence[Answered], zh: bool) -> str:
    task = _last(steps, "define_task")
    report = task.report if task else {}
    rounds = sum(s.name == "evaluate_model" and s.done for s in steps)
    classes = ", ".join(map(str, report.get("classes", [])))
    kind = report.get("kind", "")
    shown = _last(steps, "learn_from_examples") is not None
    if zh:
        kinds = {"segment": "分割", "detect": "检测", "classify": "分类"}
        how = "从您给的照片学习" if shown else f"共 {rounds} 轮"
        return f"完成：{kinds.get(kind, kind)}模型，类别：{classes}，{how}。"
    kinds = {"segment": "segments", "detect": "detects", "classify": "classifies"}
    does, times = kinds.get(kind, "recognises"), f"in {rounds} round{'s' * (rounds != 1)}"
    how = "learnt from the photos that you showed" if shown else times
    return f"Done: a model that {does} {classes or 'the classes'}, {how}."


def _score_lines(report: dict[str, Any], zh: bool) -> list[str]:
    language = "zh" if zh else "en"
    lines = []
    scores = report.get("scores")
    for on, values in scores.items() if isinstance(scores, dict) else []:
        if on not in _SETS["en"] or not isinstance(values, dict):
            continue
        metric = next((m for m in _METRICS if isinstance(values.get(m), int | float)), None)
        if metric is None:
            continue
        name = "share_right" if metric == "accuracy" and on.startswith("synthetic") else metric
        interval = values.get("interval")
        spread = f" ({interval[0]:.2f}–{interval[1]:.2f})" if isinstance(interval, list) and len(interval) == 2 else ""
        count = values.get("pictures") or values.get("images")
        where = _SETS[language][on]
        if zh:
            lines.append(f"- {where}（{count} 张）：{_NAMES['zh'][name]} {values[metric]:.2f}{spread}")
        else:
            lines.append(f"- {_NAMES['en'][name]} {values[metric]:.2f}{spread} on {count} {where}")
    return lines


def _shorter_line(report: dict[str, Any], zh: bool) -> list[str]:
    """Where the models that judge had less time than the one that is handed over."""
    cut = report.get("shorter")
    if not isinstance(cut, dict):
        return []
    if zh:
        return [f"评判用的模型只训练了 {cut.get('epochs')} 轮（交付的模型 {cut.get('of')} 轮），所以实际表现可能更好。"]
    return [
        f"The models that judge were trained for {cut.get('epochs')} epochs, the one that is handed over for "
        f"{cut.get('of')}: it is likely better than this score."
    ]


def _weak_line(steps: Sequence[Answered], zh: bool) -> list[str]:
    """Where the round is weak whose model is handed over."""
    evaluation = _kept_evaluation(steps)
    best = evaluation.report.get("best_round") if evaluation else None
    reports = [s.report for s in steps if s.name == "diagnose_model" and s.done]
    nothing: dict[str, Any] = {}
    report = next((r for r in reversed(reports) if best is None or r.get("round", best) == best), nothing)
    weak = [w.get("slice", "") if isinstance(w, dict) else str(w) for w in report.get("weak", [])]
    shown = ", ".join(w for w in weak[:3] if w)
    return [f"仍然较弱：{shown}。" if zh else f"Still weak: {shown}."] if shown else []


def _export_lines(steps: Sequence[Answered], zh: bool) -> list[str]:
    done = [str(s.report.get("done", s.name)) for s in steps if s.name.startswith("export_") and s.done]
    return [("已导出：" if zh else "Exported: ") + "; ".join(done) + ("。" if zh else ".")] if done else []


def _failure_lines(steps: Sequence[Answered], zh: bool) -> list[str]:
    """Steps whose last try did not work."""
    last = {s.name: s for s in steps if s.name not in ("define_task", "ask_user")}
    label = "未完成：" if zh else "Not done: "
    return [f"{label}{name}: {step.reason[:300]}" for name, step in last.items() if not step.done]
