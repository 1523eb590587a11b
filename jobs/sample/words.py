"""The words that names of artists, titles, albums and playlists are put together from."""


def _words(text: str) -> list[str]:
    return text.split()


FIRST_NAMES = _words("""
    Ada Agnes Alma Amara Anton Asta Bea Benny Bruno Callum Carla Cleo Dara Delia Desmond Edda Elias Esther Ezra Farah
    Felix Flora Gideon Greta Hana Hector Ida Imani Ines Isaac Jonah Josefa Juno Kasimir Keziah Lena Leon Lorna Mabel
    Maren Marlo Mina Moses Nadia Nell Nico Odile Olive Oskar Otis Petra Priya Quentin Ravi Rosa Ruben Saskia Selma
    Silas Solveig Tariq Thea Tobias Ulla Vera Wanda Yara Yusuf Zadie Zeno
""")
LAST_NAMES = _words("""
    Abara Aldous Amsel Barrow Bexley Birch Brandt Calloway Carrow Castellan Dahl Delmar Draper Eklund Ellery Farrow
    Fenwick Gale Garrick Hale Hartigan Haugen Holloway Ibarra Iverson Janssen Kaplan Keane Kessler Laird Lindqvist
    Lovell Mabry Marchetti Mercer Moreau Nakata Nilsen Okafor Osei Pallister Pryor Quill Ramires Renner Rourke Sallow
    Sandoval Sato Sorrel Strand Tallis Thorne Udall Vance Varga Vasko Wexford Whitlock Yardley Zeller
""")
ACCENTED_NAMES = [
    "Sigríður Vík", "José Añil", "Mélanie Faure", "Håkon Øye", "Łucja Żak", "Renée Dubœuf", "Jiří Modrý",
    "Björk Ásgeirs", "Márta Szűcs", "Çelik & Güneş", "Émile Côté", "Señor Niño",
]  # fmt: skip
COMMON_WORD_NAMES = ["Harbour", "Static", "Lantern", "Paper", "Orbit", "Winter", "Copper", "Anchor", "Gravel", "Tide"]
COINED_NAMES = _words("""
    Velora Ostrava9 Nuxe Kolmar Tessellate Ombra Zinnober Halcyra Mirrorvolt Quasarine Drumlin Fathomer Isobarr
    Lumenhaus Moltke Nebelhorn Oktavist Parhelion Ravelin Sarabande77 Thrumm Umbriel Vantablue Weftwork Xylem Yarrowe
""")
ADJECTIVES = _words("""
    Amber Ancient Black Bright Broken Burning Crooked Distant Electric Empty Faded Feral Frozen Gentle Gilded Glass
    Golden Hidden Hollow Idle Iron Last Lost Lucid Magnetic Midnight Minor Neon Northern Open Pale Patient Perfect
    Phantom Quiet Restless Rusted Sacred Salt Second Secret Silent Silver Slow Sleeping Strange Tender Tidal Velvet
    Wandering Wicked Wild Wooden Yellow
""")
NOUNS = _words("""
    Almanac Antenna Archive Arrow Ash Atlas Balcony Beacon Bell Bridge Candle Canyon Carousel Cathedral Cinder Circuit
    Clock Comet Corridor Current Delta Dune Echo Ember Engine Feather Ferry Field Fountain Fox Garden Ghost Glacier
    Harvest Heron Horizon Horse Island Ivy Juniper Kingdom Kite Ladder Lagoon Library Lighthouse Machine Magpie Map
    Marble Meadow Mirror Monument Moth Mountain Needle Nerve Ocean Orchard Owl Parade Pilot Planet Pocket Prism Pulse
    Quarry Raven Reservoir Ribbon River Satellite Saint Season Shadow Signal Sparrow Spire Station Stone Street
    Summit Swallow Telegraph Temple Thread Thunder Tower Train Tunnel Valley Vessel Violet Weather Whale Willow Window
""")
PLACES = _words("""
    Aberdeen Antwerp Bergen Bilbao Bristol Bruges Cardiff Catania Cork Dakar Dresden Galway Ghent Glasgow Gothenburg
    Graz Halifax Hamburg Hobart Kraków Lagos Leipzig Lisbon Ljubljana Marseille Montréal Nantes Oaxaca Osaka Porto
    Recife Riga Rotterdam Sheffield Tallinn Tbilisi Trieste Turin Utrecht Valparaíso
""")
VERBS = _words("""
    Borrow Break Call Carry Chase Cross Draw Follow Forget Gather Hold Leave Mend Move Paint Raise Remember Steal
    Trace Turn Wake Watch
""")
TIMES = """
    Again|Always|At Dawn|After Hours|Before Noon|By Morning|In June|In the Rain|On Sunday|Once More|Tonight|
    Under the Bridge|Until Friday|Without You|for Nothing|in Colour|in Reverse|on the Wire
""".replace("\n", " ").split("|")  # fmt: skip
TITLE_PATTERNS = [
    "{adjective} {noun}", "{noun} {noun2}", "The {noun} and the {noun2}", "{verb} the {noun}", "{verb} Me {time}",
    "{nouns} {time}", "{place}", "{place}, {number}", "Letter to {first}", "{first}'s {noun}", "No {noun}", "{noun}",
    "What the {noun} Said", "{number} {nouns}", "{adjective} {adjective2} {noun}", "Don't {verb} the {noun}",
    "{verb} / {verb2}", "How to {verb} a {noun}", "{noun} of {place}", "All My {nouns}", "{verb} {time}",
    "Song for {first} {last}", "({verb}) the {adjective} {noun}", "Half a {noun}", "{noun}, Pt. {roman}",
]  # fmt: skip
ALBUM_PATTERNS = [
    "{adjective} {nouns}", "The {noun} {noun2}", "{noun}", "{place} Sessions", "Songs from the {noun}",
    "{number} Rooms", "{verb} the {noun}", "A {noun} {time}", "{adjective} Music for {nouns}",
]  # fmt: skip
NUMBERS = ["Two", "Three", "Four", "Five", "Seven", "Nine", "Eleven", "Forty", "A Hundred"]
ROMAN = ["I", "II", "III", "IV"]
ARTIST_PATTERNS = [
    "{first} {last}", "{first} {last}", "{first} {last}", "{adjective} {noun}", "{adjective} {nouns}", "The {nouns}",
    "The {adjective} {nouns}", "{noun} {noun2}", "{noun} & {noun2}", "{first} & the {nouns}", "{last} & {last2}",
    "{adjective} {last}", "{place} {nouns}", "{first} {last} Trio", "DJ {last}", "{noun}{number_low}",
]  # fmt: skip
VERSIONS = [" - Remastered {year}", " - Single Version", " (Radio Edit)", " - {year} Remaster", " (Acoustic Version)"]
