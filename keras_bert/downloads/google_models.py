"""Google's BERT models as it published them: zips of TF1 checkpoints.

Source: https://github.com/google-research/bert , README.md and multilingual.md. The
SHA-256 of files in the seven oldest zips: NVIDIA DeepLearningExamples, BERT,
GooglePretrainedWeightDownloader.py.
"""

from keras_bert.downloads.places import Archive

STORAGE = "https://storage.googleapis.com/bert_models"
PAGE = "https://github.com/google-research/bert"
LICENCE = "Apache-2.0"

_CONFIG, _VOCABULARY = "bert_config.json", "vocab.txt"
_DATA, _INDEX = "bert_model.ckpt.data-00000-of-00001", "bert_model.ckpt.index"

LAYERS = (2, 4, 6, 8, 10, 12)
SIZES = ((128, 2), (256, 4), (512, 8), (768, 12))  # hidden size, attention heads

ALIASES = {
    "uncased_L-2_H-128_A-2": "bert-tiny",
    "uncased_L-4_H-256_A-4": "bert-mini",
    "uncased_L-4_H-512_A-8": "bert-small",
    "uncased_L-8_H-512_A-8": "bert-medium",
}

# name → release, description, and the SHA-256 of configuration, weights, index, vocabulary.
_LARGER = {
    # The 24 miniatures have a model of the same name and size.
    "uncased_L-12_H-768_A-12@2018_10_18": (
        "BERT-Base, lower-cased English",
        "7b4e5f53efbd058c67cda0aacfafb340113ea1b5797d9ce6ee411704ba21fcbc",
        "58580dc5e0bf0ae0d2efd51d0e8272b2f808857f0a43a88aaf7549da6d7a8a84",
        "04c1323086e2f1c5b7c0759d8d3e484afbb0ab45f51793daab9f647113a0117b",
        "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    ),
    "uncased_L-24_H-1024_A-16@2018_10_18": (
        "BERT-Large, lower-cased English",
        "bfa42236d269e2aeb3a6d30412a33d15dbe8ea597e2b01dc9518c63cc6efafcb",
        "bc6b3363e3be458c99ecf64b7f472d2b7c67534fd8f564c0556a678f90f4eea1",
        "68b52f2205ffc64dc627d1120cf399c1ef1cbc35ea5021d1afc889ffe2ce2093",
        "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    ),
    "cased_L-12_H-768_A-12@2018_10_18": (
        "BERT-Base, cased English",
        "f11dfb757bea16339a33e1bf327b0aade6e57fd9c29dc6b84f7ddb20682f48bc",
        "734d5a1b68bf98d4e9cb6b6692725d00842a1937af73902e51776905d8f760ea",
        "517d6ef5c41fc2ca1f595276d6fccf5521810d57f5a74e32616151557790f7b1",
        "eeaa9875b23b04b4c54ef759d03db9d1ba1554838f8fb26c5d96fa551df93d02",
    ),
    "cased_L-24_H-1024_A-16@2018_10_18": (
        "BERT-Large, cased English",
        "7adb2125c8225da495656c982fd1c5f64ba8f20ad020838571a3f8a954c2df57",
        "6ff33640f40d472f7a16af0c17b1179ca9dcc0373155fb05335b6a4dd1657ef0",
        "ef42a53f577fbe07381f4161b13c7cab4f4fc3b167cec6a9ae382c53d18049cf",
        "eeaa9875b23b04b4c54ef759d03db9d1ba1554838f8fb26c5d96fa551df93d02",
    ),
    "wwm_uncased_L-24_H-1024_A-16@2019_05_30": (
        "BERT-Large, whole-word masking, lower-cased English",
    ),
    "wwm_cased_L-24_H-1024_A-16@2019_05_30": ("BERT-Large, whole-word masking, cased English",),
    "multi_cased_L-12_H-768_A-12@2018_11_23": (
        "BERT-Base, 104 languages, cased",
        "e76c3964bc14a8bb37a5530cdc802699d2f4a6fddfab0611e153aa2528f234f0",
        "55b8a2df41f69c60c5180e50a7c31b7cdf6238909390c4ddf05fbc0d37aa1ac5",
        "7d8509c2a62b4e300feb55f8e5f1eef41638f4998dd4d887736f42d4f6a34b37",
        "fe0fda7c425b48c516fc8f160d594c8022a0808447475c1a7c6d6479763f310c",
    ),
    "multilingual_L-12_H-768_A-12@2018_11_03": (
        "BERT-Base, 102 languages, lower-cased; Google recommends the cased one",
        "49063bb061390211d2fdd108cada1ed86faa5f90b80c8f6fdddf406afa4c4624",
        "3cd83912ebeb0efe2abf35c9f1d5a515d8e80295e61c49b75c8853f756658429",
        "87c372c1a3b1dc7effaaa9103c80a81b3cbab04c7933ced224eec3b8ad2cc8e7",
        "87b44292b452f6c05afa49b2e488e7eedf79ea4f4c39db6f2f4b37764228ef3f",
    ),
    "chinese_L-12_H-768_A-12@2018_11_03": (
        "BERT-Base, Chinese, simplified and traditional",
        "7aaad0335058e2640bcb2c2e9a932b1cd9da200c46ea7b8957d54431f201c015",
        "756699356b78ad0ef1ca9ba6528297bcb3dd1aef5feadd31f4775d7c7fc989ba",
        "46315546e05ce62327b3e2cd1bed22836adcb2ff29735ec87721396edb21b82e",
        "45bbac6b341c319adc98a532532882e91a9cefc0329aa57bac9ae761c27b291c",
    ),
}


def google_models() -> dict[str, tuple[str, Archive]]:
    """Name → description and archive, for all 24 miniatures and the larger models."""
    models = {}
    for layers in LAYERS:
        for size, heads in SIZES:
            name = f"uncased_L-{layers}_H-{size}_A-{heads}"
            description = f"{layers} layers, hidden size {size}, lower-cased English, miniature"
            models[name] = (description, Archive(f"{STORAGE}/2020_02_20/{name}.zip"))
    for key, (description, *sums) in _LARGER.items():
        name, release = key.split("@")
        files = dict(zip((_CONFIG, _DATA, _INDEX, _VOCABULARY), sums, strict=False))
        url = f"{STORAGE}/{release}/{name}.zip"
        models[key if name in models else name] = (description, Archive(url, files))
    return models
