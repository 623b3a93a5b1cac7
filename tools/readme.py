"""The READMEs' tables, from a run: ``python -m tools.readme`` puts them between their marks."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from bnviz.cli.reproduce import as_text

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- reproduce: `python -m bnviz reproduce` -->", "<!-- /reproduce -->"

#: The tables' words in README.zh.md, longest first so that none is cut by a shorter one.
CHINESE = {
    "The median of the document's code is 0 because it restores the parameters by making them the\n"
    "saved copy itself, which the next step then moves as well: only the first probe measures.": (
        "文档代码的中位数为 0，因为它恢复参数时让参数成了备份本身，下一步又把备份一起移动："
        "只有第一次探测真正测量了东西。"
    ),
    "exact: largest absolute eigenvalue": "精确：绝对值最大的特征值",
    "BN, standardized inputs, train mode": "有 BN，标准化输入，训练模式",
    "no BN, standardized inputs": "无 BN，标准化输入",
    "as the document published it": "文档公布的数值",
    "the document's code, run here": "文档代码，在此运行",
    "largest difference to float64": "与 float64 的最大差",
    "Hessian eigenvalues, float64": "Hessian 特征值，float64",
    "BN, raw inputs, train mode": "有 BN，原始输入，训练模式",
    "BN, raw inputs, eval mode": "有 BN，原始输入，评估模式",
    "torch.nn.BatchNorm1d": "torch.nn.BatchNorm1d",
    "BN of a 4 x 5 batch": "4 x 5 批次的 BN",
    "The document's data": "文档的数据",
    "no BN, raw inputs": "无 BN，原始输入",
    "corrected, float64": "修正后，float64",
    "Lipschitz estimate": "Lipschitz 估计",
    "standard deviation": "标准差",
    "vital capacity, ml": "肺活量，毫升",
    "vectorized numpy": "numpy 向量化",
    "no BN, largest": "无 BN，最大值",
    "no BN, median": "无 BN，中位数",
    "BN, largest": "有 BN，最大值",
    "BN, median": "有 BN，中位数",
    "height, m": "身高，米",
    "weight, kg": "体重，千克",
    "for-loop": "for 循环",
    "smallest": "最小",
    "largest": "最大",
    "mean": "均值",
}


def reproduced() -> subprocess.CompletedProcess[str]:
    """What the command prints now; the command, because it also sets the number of threads."""
    command = [sys.executable, "-m", "bnviz", "reproduce", "--json"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)


def tables(numbers: dict[str, Any], language: str) -> str:
    """The tables in "en" or "zh"."""
    text = as_text(numbers)
    if language == "zh":
        words = sorted(CHINESE, key=len, reverse=True)
        text = re.sub("|".join(map(re.escape, words)), lambda match: CHINESE[match[0]], text)
        text = re.sub(r"(?<=\S) +(?=\|)|(?<=\|) +(?=\S)", " ", text)  # widths are English ones
    return text


def between_marks(readme: str) -> str:
    """What stands between the marks."""
    return readme.split(BEGIN)[1].split(END)[0].strip()


def main() -> None:
    """Write both."""
    numbers = json.loads(reproduced().stdout)
    for name, language in (("README.md", "en"), ("README.zh.md", "zh")):
        path = ROOT / name
        readme = path.read_text(encoding="utf-8")
        old = readme[readme.index(BEGIN) : readme.index(END)]
        path.write_text(
            readme.replace(old, f"{BEGIN}\n\n{tables(numbers, language)}\n\n"), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
