"""All settings, in one typed object: defaults that work, then `discover.toml`, then DISCOVER_* variables.

A variable is named after the section and the field: DISCOVER_SPARK_MASTER sets `spark.master`, and in
`discover.toml` (at the top of the project, or where DISCOVER_CONFIG points) the same is

    [spark]
    master = "spark://spark-master:7077"
"""

import os
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

ROOT = Path(__file__).resolve().parent.parent  # the top of the project


class Section(BaseModel):
    """A group of settings. A name that does not exist is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CatalogSettings(Section):
    """Where the Iceberg catalog and the tables are."""

    uri: str = ""  # SQLAlchemy or REST address of the catalog; empty: SQLite under `home`
    type: str = "sql"  # "sql" or "rest"
    warehouse: str = ""  # folder or object-storage address of the tables; empty: under `home`
    busy_timeout: float = Field(60.0, gt=0)  # seconds a commit waits for another one to finish (SQLite)


class SparkSettings(Section):
    """The Spark session."""

    master: str = "local[*]"  # "local[*]", or "spark://host:port" for a cluster
    memory: str = "2g"  # heap of the driver, and of each executor on a cluster
    java_options: str = ""  # for the JVM of the driver and of each executor
    shuffle_partitions: int = Field(8, ge=1)  # partitions after a shuffle; about twice the cores of the cluster


class IngestSettings(Section):
    """Bringing data in."""

    batch_rows: int = Field(200_000, ge=1)  # rows read, checked and written at a time
    min_confidence: float = Field(0.8, gt=0, le=1)  # names that match less surely with a track of the library do not


class SubsonicSettings(Section):
    """A music server that speaks the Subsonic API."""

    password: SecretStr = SecretStr("")  # of the user; empty: asked for on the terminal
    push_url: str = ""  # server on which `push_user` gets the weekly list as a playlist; empty: none
    push_user: str = ""  # that user, by the name that listens have


class ScrapeSettings(Section):
    """Reading the web."""

    user_agent: str = "DiscoverWeeklyBot/0.1 (+https://github.com/discover-weekly/discover-weekly#crawler)"
    shards: int = Field(1, ge=1)  # processes that share the hosts; the DAGs start so many
    delay_seconds: float = Field(1.0, ge=0)  # least time between two requests to one host, seconds
    pace: float = Field(1.0, ge=0)  # rest of a host, in times as long as it takes to answer, if that is longer
    max_delay_seconds: float = Field(60.0, ge=0)  # hosts that ask for longer rests are not read, seconds
    threads: int = Field(64, ge=1)  # hosts read side by side
    timeout_seconds: float = Field(20.0, gt=0)  # most time for one page in total, seconds
    extract_seconds: float = Field(20.0, gt=0)  # most CPU time for finding the article in a page, seconds
    max_bytes: int = Field(5_000_000, ge=1)  # most bytes of one page, after decompression
    max_pages: int = Field(200, ge=1)  # most pages of one source in a run
    max_host_pages: int = Field(1000, ge=1)  # most pages of one host in a run
    max_depth: int = Field(2, ge=0)  # links followed from a site's start page
    retries: int = Field(2, ge=0)  # further tries of a page in a run when its host has failed
    backoff_seconds: float = Field(5.0, ge=0)  # rest of a host after its first failure, doubled after each one, seconds
    max_failures: int = Field(5, ge=1)  # failures in a row after which a host is left alone for the run
    min_characters: int = Field(250, ge=1)  # pages with less main text hold no article
    batch_pages: int = Field(500, ge=1)  # pages committed at a time
    revisit_days: int = Field(1, ge=1)  # age at which an article is looked at again for the first time, days
    max_revisit_days: int = Field(64, ge=1)  # most time between two looks at an article, days
    max_listing_days: int = Field(7, ge=1)  # most time between two looks at a feed, sitemap or front page, days
    forget_days: int = Field(30, ge=1)  # age at which a page that had no article is looked at again, days
    allow_private_addresses: bool = False  # read from loopback and private networks, as the sample world needs


class CultureSettings(Section):
    """Words about artists."""

    half_life_weeks: float = Field(26.0, gt=0)  # age at which an article counts half, weeks
    min_confidence: float = Field(0.65, ge=0, le=1)  # mentions below are not used; precision .95 in cross-validation
    min_article_weight: float = Field(0.1, ge=0, le=1)  # articles worth less (not about music, lists) are not used
    terms_per_kind: int = Field(200, ge=1)  # terms of each kind kept for an artist or track, the heaviest first
    similar_artists: int = Field(20, ge=1)  # neighbours kept for each artist


class CollaborativeSettings(Section):
    """Matrix factorization."""

    factors: int = Field(64, ge=1)  # length of the factor vectors
    epochs: int = Field(16, ge=1)  # most epochs of ALS
    tolerance: float = Field(1e-3, ge=0)  # training ends after an epoch that lowers the loss by less than this share
    regularization: float = Field(0.03, gt=0)  # L2 penalty, times a row's number of values and of weighted other cells
    unobserved_weight: float = Field(0.15, ge=0)  # confidence that a track never played is not liked; log 2: one play
    solver: Literal["conjugate_gradient", "cholesky"] = "conjugate_gradient"  # cholesky is exact, and slower
    warm_start: bool = True  # start from last week's factors: two epochs then do what ten do (docs/scaling.md)
    half_life_weeks: float = Field(13.0, gt=0)  # age at which a listen counts half, weeks
    playlist_weight: float = Field(1.0, ge=0, lt=1e6)  # worth of an entry, in plays of this week; 0: not used
    household: int = Field(10, ge=0)  # with fewer listeners, albums and artists of the library take part like playlists
    shelf_weight: float = Field(0.3, ge=0, lt=1e6)  # worth of a track in such an album or artist, in plays; 0: not used
    exchange: str = ""  # path or URI of a folder that all executors reach, for factors in training; empty: in `home`
    holdout_weeks: int = Field(2, ge=1)  # last weeks that the evaluation predicts


class AudioSettings(Section):
    """Spectrograms and the network. The size of the network of 2014 is: filters 256, dense_units 2048."""

    max_seconds: float = Field(90.0, ge=12)  # longest stretch of a file that is analysed, its middle, seconds
    stretches: int = Field(1, ge=1, le=12)  # the same length from so many places of a long file; 1: its middle
    decode_seconds: float = Field(120.0, gt=0)  # most time for one file, seconds
    max_bytes: int = Field(8_000_000_000, ge=1)  # larger files are not read
    chunk_tracks: int = Field(500, ge=1)  # tracks committed at a time: a killed run repeats twice as many at most
    min_listeners: int = Field(3, ge=1)  # tracks with fewer are not trained on
    min_tracks: int = Field(40, ge=2)  # with fewer tracks to train on there is no network
    held_out_share: float = Field(0.2, gt=0, lt=1)  # of the artists: half of them stop the training, half test it
    filters: int = Field(64, ge=1)  # channels of the first two convolutions; the last two have twice as many
    dense_units: int = Field(256, ge=1)  # units of the two dense layers
    dropout: float = Field(0.5, ge=0, lt=1)  # share of dense units dropped in training
    learning_rate: float = Field(0.001, gt=0)  # step size of Adam
    batch_size: int = Field(16, ge=1)  # windows in a training step
    epochs: int = Field(40, ge=1)  # most passes over the training tracks, one random window of each
    patience: int = Field(8, ge=1)  # epochs without a better validation loss after which training stops


class RankingSettings(Section):
    """The bandit."""

    playlist_length: int = Field(30, ge=1, le=30)  # tracks in a list
    candidates: int = Field(500, ge=30)  # tracks considered for each listener
    max_per_artist: int = Field(2, ge=1)  # places of one artist in a list, collaborations included
    max_per_album: int = Field(1, ge=1)  # places of one album in a list
    new_release_share: float = Field(0.2, ge=0, le=1)  # least share of new releases, where there are enough
    new_release_weeks: int = Field(4, ge=1, le=26)  # age up to which a track is a new release, weeks
    taste_clusters: int = Field(12, ge=1)  # clusters of taste that the catalogue is divided into
    cluster_spread: float = Field(0.5, ge=0, le=1)  # how much of a listener's own clusters a list must hold; 0: none
    min_listeners: int = Field(3, ge=1)  # tracks with fewer are scored by the factors of origin content
    exploration: Literal["epsilon_greedy", "softmax"] = "epsilon_greedy"  # how a place explores
    epsilon: float = Field(0.05, ge=0, le=1)  # share of places that explore (ε-greedy)
    temperature: float = Field(0.2, gt=0)  # log-odds that make a choice e times as likely (softmax)
    explore_tracks: int = Field(50, ge=1)  # exploration draws from the reasons of this many best tracks
    most_explored: int = Field(3, ge=0)  # places of a list that may hold another choice than the best one
    examination: Literal["cascade", "opened", "answered"] = "cascade"  # which places a listener is taken to have seen
    reward_model: Literal["factorization_machine", "logistic_regression"] = "factorization_machine"
    rank: int = Field(4, ge=0)  # length of the factors of pairs of features
    triple_rank: int = Field(0, ge=0)  # length of the factors of triples of features; 0: pairs alone
    learning_weeks: int = Field(12, ge=1)  # weeks of feedback that the reward model learns from
    learning_rows: int = Field(3_000_000, ge=1)  # most judgements that it learns from
    prior_strength: float = Field(50.0, gt=0)  # precision of the prior of each weight; about judgements it is worth
    factor_strength: float = Field(50.0, gt=0)  # precision of the prior of each factor around 0
    max_importance_weight: float = Field(2.0, ge=1)  # inverse propensities are clipped here, to learn from
    history_weeks: int = Field(4, ge=1)  # last weeks whose first listens make the prior before there is feedback
    history_listeners: int = Field(20_000, ge=1)  # most listeners whose first listens make it
    history_strength: float = Field(20.0, gt=0)  # precision of each stated weight; about first listens it is worth
    held_out_share: float = Field(0.05, ge=0, lt=1)  # share of listeners who get the baseline, not learned from
    publish_margin: float = Field(0.02, ge=0)  # reward a place that a new policy may be estimated to lose, and go live


class PublishSettings(Section):
    """What listeners get."""

    title: str = "Discover Weekly"  # of each playlist, before the week
    keep_weeks: int = Field(1, ge=1)  # weeks whose playlists and pages stay; reports stay all
    postgres_url: SecretStr = SecretStr("")  # postgresql://user:password@host/database to serve from; empty: none


class AlertSettings(Section):
    """When a person should look."""

    webhook: SecretStr = SecretStr("")  # address that gets each alert as JSON, by POST; empty: none
    short_lists: float = Field(0.1, ge=0, le=1)  # share of lists that may be shorter than a full one
    coverage_drop: float = Field(0.25, ge=0, le=1)  # by which listeners or tracks may fall below the weeks before
    reward_drop: float = Field(0.25, ge=0, le=1)  # by which the reward may fall below the weeks before
    silent_days: int = Field(21, ge=1)  # for which a source may bring no article


class Settings(BaseSettings):
    """All settings; see the sections."""

    model_config = SettingsConfigDict(
        env_prefix="DISCOVER_", env_nested_delimiter="_", env_nested_max_split=1, extra="forbid", frozen=True
    )

    home: Path = ROOT / ".discover"  # where everything lives: catalog, tables, models, output
    sql_memory: str = "2GB"  # most memory of SQL (audits, imports, `python -m jobs.query`); the rest goes to disk
    seed: int = 0  # every random choice is drawn from this, the week and the job's name

    catalog: CatalogSettings = CatalogSettings()
    spark: SparkSettings = SparkSettings()
    ingest: IngestSettings = IngestSettings()
    subsonic: SubsonicSettings = SubsonicSettings()
    scrape: ScrapeSettings = ScrapeSettings()
    culture: CultureSettings = CultureSettings()
    collaborative: CollaborativeSettings = CollaborativeSettings()
    audio: AudioSettings = AudioSettings()
    ranking: RankingSettings = RankingSettings()
    publish: PublishSettings = PublishSettings()
    alerts: AlertSettings = AlertSettings()

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over `discover.toml`."""
        file = TomlConfigSettingsSource(
            settings_cls, toml_file=os.environ.get("DISCOVER_CONFIG", ROOT / "discover.toml")
        )
        return init_settings, env_settings, file


@cache
def settings() -> Settings:
    """The settings of this process. Raises pydantic.ValidationError that names each wrong one."""
    return Settings()
