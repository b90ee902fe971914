import uuid

from deploy.local.kafka import cluster_id


def test_a_cluster_id_is_22_characters_and_no_option() -> None:
    # 0xfb begins with a hyphen in URL-safe Base64.
    for unique in (uuid.UUID(int=0), uuid.UUID("fb" * 16), uuid.uuid4()):
        text = cluster_id(unique)
        assert len(text) == 22 and not text.startswith("-")
