"""How people write about the styles of the sample world: words and phrases, overlapping between neighbours."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lexicon:
    """adjectives, nouns : words; phrases : noun phrases without an article; scenes : what it is likened to; calls :
    names that critics give to the style."""

    adjectives: tuple[str, ...]
    nouns: tuple[str, ...]
    phrases: tuple[str, ...]
    scenes: tuple[str, ...]
    calls: tuple[str, ...]


def _lexicon(adjectives: str, nouns: str, phrases: str, scenes: str, calls: str) -> Lexicon:
    parts = [
        adjectives.split(),
        nouns.split(),
        *([p.strip() for p in " ".join(text.split()).split(";")] for text in (phrases, scenes, calls)),
    ]
    return Lexicon(*map(tuple, parts))


LEXICONS = {
    "drift": _lexicon(
        """weightless glacial hazy oceanic drowsy luminous vaporous submerged amniotic motionless blurred tidal
        hypnotic spacious misty beatless meditative celestial unhurried cavernous""",
        """drones pads textures fog stillness overtones swells washes tape hiss horizons vapour silence shimmer
        undertow""",
        """slow-moving drones; washes of tape hiss; long-held chords; glacial synth pads; a sea of reverb;
        beatless reveries; sleepwalking harmonies; soft-focus overtones; layers of distant hum""",
        """snow falling on a lake; an aeroplane cabin at four in the morning; the bottom of a warm sea; breath on a
        window; the hour before the alarm""",
        "ambient; drone; beatless electronica; deep listening music",
    ),
    "machine": _lexicon(
        """relentless mechanical pounding hypnotic metallic acidic strobing sweaty functional propulsive industrial
        looping tense driving brutal nocturnal clipped subterranean percussive precise""",
        """kick drums sequencers basslines hi-hats loops pulse warehouse modulation filter acid groove strobes sweat
        momentum oscillators""",
        """four-to-the-floor kick drums; squelching acid lines; a relentless sequencer; sixteenth-note hi-hats;
        warehouse-sized drops; rolling machine funk; filter sweeps; a locked groove; strobe-lit momentum""",
        """a factory at night; an express train under a city; the seventh hour of a rave; pistons in a dream; a car
        park with a sound system""",
        "techno; acid; machine music; warehouse music",
    ),
    "hearth": _lexicon(
        """rustic tender earthy plainspoken wooden intimate sunlit homespun weathered fireside gentle unadorned
        pastoral hushed wistful warm handmade confessional bittersweet acoustic""",
        """fingerpicking ballads guitars verses porch harmonies storytelling hymns strings kitchen voices melody
        campfire banjo choruses""",
        """fingerpicked guitars; close-mic vocals; kitchen-table storytelling; creaking floorboards; three-chord
        ballads; back-porch harmonies; a voice like worn denim; acoustic lullabies; small-town verses""",
        """letters found in an attic; woodsmoke in October; a long walk home with a dog; bread in the oven; an old
        photograph of somebody else's holiday""",
        "folk; songwriter music; acoustic balladry; new folk",
    ),
    "dub": _lexicon(
        """cavernous bass-heavy smoky echoing submerged spacious rolling humid skanking heavyweight hazy stoned
        rootsy patient elastic murky warm hypnotic low-slung weighty""",
        """echo bass delay riddim skank sirens melodica rimshots sub-bass reverb space soundsystem smoke dubplate
        offbeats""",
        """cavernous echo chambers; heavyweight basslines; offbeat guitar skanks; spring reverb; a melodica floating
        in smoke; sub-bass pressure; tape delay tricks; ghostly rimshots; soundsystem culture""",
        """heat rising from a street at noon; a speaker stack in an empty hall; thunder two valleys away; a boat
        engine below deck; smoke under a door""",
        "dub; roots music; bass music; steppers",
    ),
    "rust": _lexicon(
        """abrasive furious distorted jagged serrated feral blistering corrosive breakneck deafening raw snarling
        brutal unhinged filthy thunderous scorched violent noisy confrontational""",
        """riffs distortion feedback blastbeats amplifiers screams noise rage sludge shrieks fuzz mosh fury""",
        """down-tuned riffs; walls of feedback; double-kick drumming; throat-shredding screams; blown-out amplifiers;
        serrated power chords; two-minute outbursts; a hail of cymbals; corroded fuzz pedals""",
        """a skip lorry falling down stairs; sheet metal in a storm; a fight in a lift; a house on fire; a chainsaw
        choir""",
        "noise rock; hardcore; sludge metal; loud guitar music",
    ),
    "smoke": _lexicon(
        """swinging nocturnal smoky sophisticated improvised brushed supple velvety conversational bluesy modal
        mellow cool syncopated elegant restless nimble late-night loose warm""",
        """solos saxophone improvisation brushes swing standards quartet modes horns interplay
        changes phrasing cadenzas""",
        """walking basslines; brushed snare drums; a breathy saxophone; modal improvisation; bluesy piano voicings;
        unhurried solos; late-night interplay; a ride cymbal like rain; after-hours ballads""",
        """the last table in a basement club; a conversation between old friends; cigarette light; taxi windows in
        the rain; a card game that nobody wants to win""",
        "jazz; post-bop; modal jazz; after-hours music",
    ),
    "neon": _lexicon(
        """glossy fizzy euphoric sugary shiny bouncy pixelated catchy buoyant day-glo bright retro-futuristic playful
        infectious plastic glittering hyperactive sparkling sleek driving""",
        """synthesizers hooks choruses arpeggios handclaps pixels glitter refrains keytar sparkle chiptunes dancefloor
        neon bleeps sugar""",
        """square-wave melodies; sugar-rush choruses; gated snare drums; arcade-game arpeggios; handclap breakdowns;
        shiny synth hooks; a key change to the stars; bubblegum refrains; eight-bit fanfares""",
        """an arcade in July; roller skates on wet tarmac; a phone that lights up all night; a toy shop after closing
        time; fizzy drink through the nose""",
        "synth-pop; chiptune; electropop; bubblegum electronics",
    ),
    "chamber": _lexicon(
        """stately mournful elegiac austere delicate cinematic contrapuntal wintry solemn ornate fragile bowed
        minimalist hushed graceful melancholy candlelit romantic luminous restrained""",
        """cellos violins piano counterpoint adagio strings quartet elegy étude arrangement motif bows nocturne
        conservatory requiem""",
        """bowed strings; felt-piano miniatures; mournful cellos; a minor-key motif; patient counterpoint; creaking
        piano pedals; chamber arrangements; wordless elegies; a string quartet in a cold church""",
        """the last scene of a film without words; frost on a music stand; a ballroom under dust sheets; a letter
        that was never sent; rain on a conservatory roof""",
        "modern classical; chamber music; neoclassical; post-minimalism",
    ),
}

# What every critic says about everything.
_COMMON = """
    new strong honest uneven ambitious confident surprising careful modest impressive lovely difficult fine curious
    generous memorable assured familiar;
    record songs sound album ideas moments production sequence tracks music side mood detail
"""
COMMON_ADJECTIVES, COMMON_NOUNS = (words.split() for words in _COMMON.split(";"))

# What one artist alone is known for: two or three of these each.
QUIRKS = """
    a broken harmonium; field recordings of trams; lyrics about lighthouses; a choir of neighbours; a home-built
    theremin; samples of shipping forecasts; songs about insomnia; a cracked music box; hand-painted sleeves; a detuned
    autoharp; the hum of refrigerators; a prepared zither; voicemail messages; bicycle bells; an out-of-tune
    celesta; the sound of snowploughs; poems by their grandmother; cheap ring modulators; birdsong from the allotment;
    a church organ with two dead pipes; a talking drum; whistled refrains; numbers-station broadcasts; a glass
    armonica; counting songs; a rescued mellotron; letters from sailors; a kettle in C sharp; football chants;
    a toy accordion; radio interference; lullabies in dialect; a bowed saw; typewriter percussion; songs about bridges;
    recordings of beehives; a singing dishwasher; a twelve-string zither; postcards from strangers; thumb pianos
"""
QUIRK_LIST = tuple(q.strip() for q in " ".join(QUIRKS.split()).split(";"))
