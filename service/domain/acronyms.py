"""Acronyms of the field: one that stands in a topic finds its long form too, and the other way.

Edit the list freely, one long form a line. An acronym with several meanings belongs here only
where nearly every paper means the same by it. A plural in s is understood.
"""

from collections.abc import Iterator
from itertools import islice, product

from service.domain.expression import Near, Term, near

LONG_FORMS = """
    AGI     artificial general intelligence
    ASR     automatic speech recognition
    BEV     bird's eye view
    CFG     classifier free guidance
    CNN     convolutional neural network
    COT     chain of thought
    DETR    detection transformer
    DIT     diffusion transformer
    DPO     direct preference optimization
    DPO     direct preference optimisation
    DRL     deep reinforcement learning
    EHR     electronic health record
    FSDP    fully sharded data parallel
    GAN     generative adversarial network
    GCN     graph convolutional network
    GNN     graph neural network
    GRPO    group relative policy optimization
    GRPO    group relative policy optimisation
    GUI     graphical user interface
    HCI     human computer interaction
    HPC     high performance computing
    ICL     in context learning
    IRL     inverse reinforcement learning
    KAN     kolmogorov arnold network
    KG      knowledge graph
    LLM     large language model
    LMM     large multimodal model
    LORA    low rank adaptation
    LRM     large reasoning model
    LSTM    long short term memory
    LVLM    large vision language model
    MAB     multi armed bandit
    MARL    multi agent reinforcement learning
    MAS     multi agent system
    MCMC    markov chain monte carlo
    MCP     model context protocol
    MCTS    monte carlo tree search
    MDP     markov decision process
    MIA     membership inference attack
    MLLM    multimodal large language model
    MLM     masked language model
    MLP     multi layer perceptron
    MOE     mixture of experts
    MPC     model predictive control
    MRI     magnetic resonance imaging
    NAS     neural architecture search
    NER     named entity recognition
    NERF    neural radiance field
    NLI     natural language inference
    NLP     natural language processing
    NMT     neural machine translation
    OCR     optical character recognition
    ODE     ordinary differential equation
    OOD     out of distribution
    PDE     partial differential equation
    PEFT    parameter efficient fine tuning
    PINN    physics informed neural network
    POMDP   partially observable markov decision process
    PPO     proximal policy optimization
    PPO     proximal policy optimisation
    PRM     process reward model
    QA      question answering
    QAT     quantization aware training
    RAG     retrieval augmented generation
    RL      reinforcement learning
    RLAIF   reinforcement learning from ai feedback
    RLHF    reinforcement learning from human feedback
    RLVR    reinforcement learning with verifiable rewards
    RNN     recurrent neural network
    SAE     sparse autoencoder
    SDE     stochastic differential equation
    SFT     supervised fine tuning
    SGD     stochastic gradient descent
    SLAM    simultaneous localization and mapping
    SLM     small language model
    SNN     spiking neural network
    SSL     self supervised learning
    SSM     state space model
    SVM     support vector machine
    T2I     text to image
    T2V     text to video
    TTA     test time adaptation
    TTT     test time training
    VAE     variational autoencoder
    VIT     vision transformer
    VLA     vision language action
    VLM     vision language model
    VQA     visual question answering
    XAI     explainable artificial intelligence
    3DGS    3d gaussian splatting
"""

# A topic that holds many of them is looked for in at most so many ways.
MOST_SPELLINGS = 8

_Words = tuple[str, ...]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 2 and word.endswith("s") else word


def _read(table: str) -> dict[_Words, tuple[_Words, ...]]:
    others: dict[_Words, tuple[_Words, ...]] = {}
    for line in table.strip().splitlines():
        acronym, *long_form = line.lower().replace("'", " ").split()
        for one, other in (((acronym,), tuple(long_form)), (tuple(long_form), (acronym,))):
            key = tuple(map(_singular, one))
            others[key] = (*others.get(key, ()), other)
    return others


_OTHERS = _read(LONG_FORMS)
_OPENINGS = frozenset(key[0] for key in _OTHERS)
_LONGEST = max(map(len, _OTHERS))


def spellings(wanted: Term | Near) -> list[Term | Near]:
    """Return the ways to look for the same thing: as written first, then with each acronym
    replaced by its long form and each long form by its acronym.

    Exact terms stay as they are, and so does a word of which only the beginning is given.
    """
    terms = wanted.terms if isinstance(wanted, Near) else (wanted,)
    if not any(_singular(word) in _OPENINGS for term in terms for word in term.words):
        return [wanted]
    ways = product(*(_choices(part) for part in _parts(terms)))
    return list(
        dict.fromkeys(
            near(term for part in way for term in part) for way in islice(ways, MOST_SPELLINGS)
        )
    )


def _parts(terms: tuple[Term, ...]) -> Iterator[tuple[Term, ...]]:
    """Split terms side by side into the runs that together spell a long form, and single ones."""
    position = 0
    while position < len(terms):
        for end in range(min(position + _LONGEST, len(terms)), position + 1, -1):
            run = terms[position:end]
            if not any(term.prefix or term.exact for term in run) and _key(run) in _OTHERS:
                break
        else:
            run = terms[position : position + 1]
        yield run
        position += len(run)


def _key(run: tuple[Term, ...]) -> _Words:
    return tuple(_singular(word) for term in run for word in term.words)


def _choices(part: tuple[Term, ...]) -> list[tuple[Term, ...]]:
    """Return the ways to write a part of a run, as it stands first."""
    if len(part) > 1:
        return [part, *((Term(other),) for other in _OTHERS[_key(part)])]
    (term,) = part
    if term.exact:
        return [part]
    kept = term.words[-1:] if term.prefix else ()
    words = term.words[: len(term.words) - len(kept)]
    return [(Term((*way, *kept), term.prefix),) for way in _phrases(words)]


def _phrases(words: _Words) -> list[_Words]:
    """Return the ways to write a phrase, as it stands first."""
    ways: list[_Words] = [()]
    position = 0
    while position < len(words):
        for length in range(min(_LONGEST, len(words) - position), 0, -1):
            run = words[position : position + length]
            others = _OTHERS.get(tuple(map(_singular, run)))
            if others:
                break
        else:
            run, others = words[position : position + 1], None
        ways = [(*way, *choice) for way in ways for choice in (run, *(others or ()))]
        ways = ways[:MOST_SPELLINGS]
        position += len(run)
    return ways
