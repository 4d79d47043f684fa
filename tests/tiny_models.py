"""Models of random weights, small enough to be made in a test: each a folder as transformers saves it, with no word on pooling."""

from pathlib import Path
from typing import Any

WORDS = [
    "the gasket must be replaced every 500 hours of use or when it leaks",
    "returns are accepted within thirty days of delivery",
    "how often is a pump oiled and who does it",
]
SEED = 7


def make_bert(folder: Path, dimensions: int = 32) -> Path:
    """An encoder of two layers that reads 48 tokens."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    words = sorted({word for text in WORDS for word in text.split()})
    folder.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", *words]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    torch.manual_seed(SEED)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=dimensions,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=48,
        initializer_range=0.3,
    )
    model: Any = BertModel(config)
    return _saved(folder, model, BertTokenizer(vocab=str(folder / "vocab.txt"), model_max_length=48))


def make_deberta(folder: Path) -> Path:
    """A DeBERTa-v2 encoder of two layers."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import DebertaV2Config, DebertaV2Model

    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    tokenizer.train_from_iterator(WORDS, trainers.BpeTrainer(vocab_size=120, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    wrapped = _tokenizer(
        tokenizer_object=tokenizer, pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]", model_max_length=48
    )
    torch.manual_seed(SEED)
    config: Any = DebertaV2Config(  # type: ignore[call-arg]
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        relative_attention=True,
        position_buckets=16,
        pos_att_type=["p2c", "c2p"],
        initializer_range=0.3,
    )
    model: Any = DebertaV2Model(config)
    return _saved(folder, model, wrapped)


def make_gpt2(folder: Path) -> Path:
    """A decoder of two layers whose tokenizer has no token to pad with."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GPT2Config, GPT2Model

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    wrapped = _tokenizer(tokenizer_object=tokenizer, eos_token="<|endoftext|>", model_max_length=48)
    torch.manual_seed(SEED)
    config = GPT2Config(
        vocab_size=tokenizer.get_vocab_size(),
        n_positions=48,
        n_embd=32,
        n_layer=2,
        n_head=2,
        initializer_range=0.3,
        bos_token_id=0,
        eos_token_id=0,
    )
    model: Any = GPT2Model(config)
    return _saved(folder, model, wrapped)


def _tokenizer(**options: Any) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(**options)  # type: ignore[no-untyped-call]


def _saved(folder: Path, model: Any, tokenizer: Any) -> Path:
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
