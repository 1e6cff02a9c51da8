"""How a run's model is used, in the words of whoever asks: Python, a phone, a Raspberry Pi, HTTP, the command line."""

import shlex
from pathlib import Path

from agent.requests.questions import Language
from tools.runs.runtime import DEFAULT_RUNS, RunRecord


def how_to_use(folder: Path, record: RunRecord, language: Language, device: str) -> str:
    """The steps, with the run's own paths.

    Args:
        folder: of the run.
        record: of the run.
        language: of the answer.
        device: python, phone, pi, http, shell, or "" for a line of each.
    """
    zh = language == "zh"
    if record.best is None:
        return "这次运行还没有模型。" if zh else "This run has no model yet."
    where = (folder / "export").resolve()
    exported = (where / "model.onnx").is_file()
    run = shlex.join(["sightsmith", "X", folder.name, *(
        [] if folder.parent.resolve() == DEFAULT_RUNS.resolve() else ["--runs-dir", str(folder.parent)])])  # fmt: skip

    def command(name: str, *more: str) -> str:
        return " ".join([run.replace(" X ", f" {name} ", 1), *more])

    threshold = f"{record.best.threshold:.2f}"
    python = (
        "from ultralytics import YOLO\n"
        f'model = YOLO("{where / "model.pt"}")\n'
        f'for result in model("photo.jpg", conf={threshold}):\n'
        "    print(result.boxes.xyxy, result.boxes.cls)"
        + (
            "\n    print(result.masks.xy if result.masks else None)"
            if record.task and record.task.kind == "segment"
            else ""
        )
    )
    if record.task and record.task.kind == "classify":
        python = python.split("\n    print")[0] + "\n    print(result.names[result.probs.top1])"
    onnx, readme = where / "model.onnx", where / "README.md"
    texts = {
        "python": (
            f"In Python (pip install ultralytics):\n{python}\nWithout Ultralytics: {onnx} by ONNX Runtime; {readme} "
            f"says what goes in and comes out.",
            f"在 Python 里（pip install ultralytics）：\n{python}\n不用 Ultralytics：用 ONNX Runtime 打开 {onnx}；"
            f"{readme} 说明输入输出。",
        ),
        "phone": (
            f"On a phone: {onnx} runs in ONNX Runtime Mobile (Android: onnxruntime-android, iOS: onnxruntime-objc). "
            f"{readme} says what goes in and "
            f"comes out. Without an app: {command('serve')} on a computer, and the phone sends it photos.",
            f"手机上：{onnx} 可用 ONNX Runtime Mobile 运行（Android：onnxruntime-android，iOS：onnxruntime-objc）；"
            f"{readme} 说明输入输出。"
            f"不做应用：在电脑上运行 {command('serve')}，手机把照片发过去。",
        ),
        "pi": (
            f"On a Raspberry Pi (64 bit): copy {onnx} and {readme} to it, pip install onnxruntime, and run it as "
            f"the README shows.",
            f"树莓派（64 位）：复制 {onnx} 和 {readme}，pip install onnxruntime，按 README 运行。",
        ),
        "http": (
            f"Over HTTP: {command('serve')}, then\ncurl -F file=@photo.jpg "
            f"http://127.0.0.1:8000/predict\ndocs/service.md has keys, jobs and limits.",
            f"HTTP：{command('serve')}，然后\ncurl -F file=@photo.jpg "
            f"http://127.0.0.1:8000/predict\ndocs/service.md 说明密钥、任务和限制。",
        ),
        "shell": (
            f"On the command line: {command('predict', 'photo.jpg', 'folder/')} draws the results and writes "
            f"predictions.json.",
            f"命令行：{command('predict', 'photo.jpg', 'folder/')} 会画出结果并写出 predictions.json。",
        ),
    }  # fmt: skip
    chosen = [device] if device in texts else list(texts)
    lines = [texts[name][zh] for name in chosen]
    if not exported:
        lines.insert(
            0, "模型文件还没有导出；请先说“导出”。" if zh else 'The files are not exported yet; say "export" first.'
        )
    return "\n".join(lines)
