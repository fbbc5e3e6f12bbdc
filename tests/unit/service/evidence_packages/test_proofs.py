from hypothesis import given, settings
from hypothesis import strategies as st

from integrity.merkle import InclusionProof, append_leaves, leaf_hash, verify_inclusion
from service.evidence_packages.proofs import prove_many


@given(st.integers(1, 300), st.data())
@settings(max_examples=40)
def test_many_proofs_read_together_each_hold(size, data):
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    made, root = append_leaves(lambda level, index: nodes[level, index], 0, leaves)
    nodes = {(node.level, node.index): node.hash for node in made}
    wanted = data.draw(st.sets(st.integers(0, size - 1), max_size=20))
    reads = []

    proofs = prove_many(wanted, tree_size=size, read_nodes=lambda keys: reads.append(keys) or {key: nodes[key] for key in keys})

    assert len(reads) == 1
    for index in wanted:
        verify_inclusion(leaves[index], InclusionProof(index, size, tuple(map(bytes.fromhex, proofs[index]))), root=root)
