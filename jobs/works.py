"""Songs: which tracks count as one, by what is known of them and by their sound."""

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


def with_recordings(tracks: pa.Table, recordings: pa.Table) -> pa.Table:
    """The tracks with one `work_id` for all that share a work or a recording, and so on.

    tracks : with the columns track_id, work_id
    recordings : track_id, recording_id of the table `recordings`; of tracks that are no longer there, too

    A re-upload under another title has another work_id, but the same recording: whoever has heard the one does not
    discover the other. Of the work_ids of a song the first in order is taken.
    """
    of_track = tracks.select(["track_id", "work_id"]).to_pandas()
    shared = recordings.select(["track_id", "recording_id"]).to_pandas().merge(of_track, on="track_id")
    if not len(shared):
        return tracks
    work, works = pd.factorize(of_track["work_id"], sort=True)
    recording, names = pd.factorize(shared["recording_id"])
    edges = pd.Index(works).get_indexer(shared["work_id"]), len(works) + recording
    size = len(works) + len(names)
    _, song = connected_components(coo_matrix((np.ones(len(shared)), edges), (size, size)), directed=False)
    first = pd.Series(np.arange(len(works))).groupby(song[: len(works)]).min()
    merged = np.asarray(works)[first[song[: len(works)]].to_numpy()[work]]
    return tracks.set_column(tracks.schema.get_field_index("work_id"), "work_id", pa.array(merged, pa.string()))
