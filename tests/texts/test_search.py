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
    texts = {"some": ["loss is nan"], "all": ["loss is nan on one gpu"], "few": ["one gpu"]}
    assert rank("nan loss gpu", texts) == ["all", "some"]


def test_of_equals_the_one_with_the_very_words_comes_first() -> None:
    """Else the order of the pitfalls decides, and one that learns is before one that does not."""
    texts = {"some": ["it learns"], "same": ["My net does not learn."]}
    assert rank("Does not learn", texts) == ["same", "some"]
    assert find("does not learn")[0] == "gamma_zero"


def test_a_rare_word_counts_more_than_a_common_one_and_a_slip_is_forgiven() -> None:
    texts = {
        "one": ["loss and folding"],
        "two": ["loss of net"],
        "three": ["loss, worse, accuracy"],
    }
    assert rank("loss folding", texts) == ["one"]
    assert rank("acuracy", texts) == ["three"]


def test_parts() -> None:
    assert parts("My LOSS is nan") == {"loss", "nan"}
    assert parts("批归一化 BN") == {"批归", "归一", "一化", "bn"}


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("my loss becomes NaN", "nan_batch"),
        ("loss nan after few steps", "nan_batch"),
        ("validation accuracy depends on the batch size", "eval_forgotten"),
        ("validaton acuracy much lower then training", "eval_forgotten"),
        ("model.eval() gives worse results than model.train()", "eval_forgotten"),
        ("ValueError: Expected more than 1 value per channel when training", "last_batch"),
        ("multi-GPU DDP training, saved model worse", "ranks"),
        ("fuse conv and bn for deployment", "folding_conv"),
        ("fuse_modules conv bn wrong result", "folding_conv"),
        ("SWA update_bn", "averaged_nets"),
        ("federated averaging of models", "averaged_nets"),
        ("gradient checkpointing", "second_pass"),
        ("freeze BN when fine-tuning", "tracking_off"),
        ("GAN discriminator", "two_populations"),
        ("float16 output is constant", "low_precision"),
        ("dropout and batchnorm together worse", "dropout_before_bn"),
        ("bias=False before batchnorm", "bias_before_bn"),
        ("my network does not learn", "gamma_zero"),
        ("variable lenght sequences", "padding"),
        ("keras vs pytorch momentum", "handwritten"),
        ("small batch size, which norm?", "family"),
        ("验证集准确率比训练低很多", "eval_forgotten"),
        ("训练很好，测试集很差", "eval_forgotten"),
        ("eval模式下精度很低", "eval_forgotten"),
        ("验证之后训练变差", "train_forgotten"),
        ("损失变成 NaN", "nan_batch"),
        ("梯度爆炸", "nan_batch"),
        ("最后一个batch报错", "last_batch"),
        ("多卡 训练 结果 不一致", "ranks"),
        ("多卡训练保存的模型变差", "ranks"),
        ("卷积和BN融合后输出不一样", "folding_conv"),
        ("变长序列的填充", "padding"),
        ("微调时冻结 BN", "tracking_off"),
        ("没有打乱数据", "sorted_data"),
        ("网络不收敛", "gamma_zero"),
        ("卷积后接BN要不要bias", "bias_before_bn"),
        ("显存不够 batch 只能设为2", "family"),
    ],
)
def test_a_symptom_leads_to_its_pitfall(said: str, name: str) -> None:
    assert find(said)[0] == name


@pytest.mark.parametrize(
    "said", ["部署后结果不对", "TensorRT output mismatch", "导出onnx后精度下降"]
)
def test_what_fits_both_foldings_shows_both_first(said: str) -> None:
    assert set(find(said)[:2]) == {"folding", "folding_conv"}


@pytest.mark.parametrize("name", CONFIGS)
def test_every_pitfall_is_found_by_its_own_symptom(name: str) -> None:
    from bnviz.texts.catalogue import LANGUAGES, catalogue

    for language in LANGUAGES:
        assert find(catalogue(language)[f"pitfalls.{name}.symptom"])[0] == name
