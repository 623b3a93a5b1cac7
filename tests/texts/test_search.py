"""Search by a person's own words, in both languages."""

import pytest

from bnviz.core.pitfalls.configs import CONFIGS
from bnviz.texts.search import parts, rank
from bnviz.ui.pitfalls.finder import find


def test_words_are_found_by_their_beginning_and_chinese_by_pairs() -> None:
    texts = {"one": ["Training explodes"], "two": ["训练损失爆炸"], "three": ["nothing of it"]}
    assert rank("it explodes", texts) == ["one"]
    assert rank("explode", texts) == ["one"]
    assert rank("损失爆炸了", texts) == ["two"]
    assert rank("xyz", texts) == [] == rank("", texts) == rank("the", texts)


def test_the_one_with_more_of_the_words_comes_first() -> None:
    texts = {"some": ["loss is nan"], "all": ["loss is nan on one gpu"]}
    assert rank("nan loss gpu", texts) == ["all", "some"]


def test_parts() -> None:
    assert parts("My LOSS is nan") == {"loss", "nan"}
    assert parts("批归一化 BN") == {"批归", "归一", "一化", "bn"}


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("my loss becomes NaN", "nan_batch"),
        ("validation accuracy depends on the batch size", "eval_forgotten"),
        ("Expected more than 1 value per channel", "last_batch"),
        ("multi-GPU DDP training, saved model worse", "ranks"),
        ("fuse conv and bn for deployment", "folding_conv"),
        ("federated averaging of models", "averaged_nets"),
        ("gradient checkpointing", "second_pass"),
        ("freeze BN when fine-tuning", "tracking_off"),
        ("GAN discriminator", "two_populations"),
        ("float16 output is constant", "low_precision"),
        ("validation is worse than training", "eval_forgotten"),
        ("验证集比训练集差", "eval_forgotten"),
        ("训练很好，测试集很差", "eval_forgotten"),
        ("损失变成 NaN", "nan_batch"),
        ("多卡训练保存的模型变差", "ranks"),
        ("变长序列的填充", "padding"),
        ("微调时冻结 BN", "tracking_off"),
        ("没有打乱数据", "sorted_data"),
    ],
)
def test_a_symptom_leads_to_its_pitfall(said: str, name: str) -> None:
    assert name in find(said)[:3]


@pytest.mark.parametrize("name", CONFIGS)
def test_every_pitfall_is_found_by_its_own_symptom(name: str) -> None:
    from bnviz.texts.catalogue import LANGUAGES, catalogue

    for language in LANGUAGES:
        assert find(catalogue(language)[f"pitfalls.{name}.symptom"])[0] == name
