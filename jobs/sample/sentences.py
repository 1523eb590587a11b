"""Sentences of music journalism, with places to fill in; see `jobs.sample.prose` for what they mean."""

REVIEW_HEADLINES = [
    "{artist}: {album}", "{artist} – {album} review", "Album of the week: {album} by {artist}",
    "{artist} find {noun} in {noun2} on “{album}”", "Review: {artist}, “{album}”",
    "“{album}” is {artist} at their most {adjective}", "{artist}'s {adjective} turn",
]  # fmt: skip
REVIEW_OPENINGS = [
    "There is a moment, two minutes into “{title}”, when everything {artist} do falls into place.",
    "Nobody makes {call} quite like {artist}, and “{album}” is the proof.",
    "It has taken {artist} a long while to get round to “{album}”, and it was worth the wait.",
    "The first thing you notice about “{album}” is how {adjective} it is.",
    "{artist} come from {place}, and you can hear it: this is {adjective}, {adjective2} music.",
    "Put on “{album}” and the room changes: {artist} have made a record like {scene}.",
    "If {call} has a future, it may well sound like {artist}.",
    "“{album}” opens with {phrase}, and for a while that is all {artist} need.",
    "I did not expect to like {artist} as much as I do.",
    "Some records want to be heard loud; “{album}”, the new one by {artist}, wants to be heard {moment}.",
]
DESCRIPTIONS = [
    "The sound is {adjective} and {adjective2}, all {noun} and {noun2}.",
    "{artist} work with {phrase} and {phrase2}, and not with much else.",
    "What holds it together is {phrase}, as {adjective} as anything in {call} this year.",
    "Listening to {artist} is like {scene}.",
    "You get {phrase}; you get {phrase2}; you get, above all, a {adjective} kind of patience.",
    "On “{title}” {phrase} give way to {phrase2}, and the effect is {adjective}.",
    "“{title}” is the {adjective} heart of the record, a study in {noun}.",
    "The {noun} are {adjective}, the {noun2} {adjective2}, and nothing is in a hurry to please.",
    "Their {adjective} {noun} have always been the draw, and here the {noun2} are every bit as {adjective2}.",
    "“{title}” could be {scene}, and I mean that kindly.",
    "By the time “{title}” comes round, {artist} have moved from {adjective} {noun} to something more {adjective2}.",
    "Call it {call} if you must; {artist} prefer to talk about {noun}.",
    "Everything is built on {phrase}, and {artist} know when to leave well alone.",
    "At its best it is {adjective} music, full of {noun}, with {phrase} at the edges.",
    "You could drown in the {noun} of “{title}”, so {adjective} is the mix.",
    "It is the {noun} that stay with you: {adjective}, {adjective2}, never the same twice.",
    "“{title}” rides on {phrase} and ends, rather wonderfully, in {noun}.",
    "Few bands get as much out of {phrase} as {artist} do.",
    "Even the quiet passages are {adjective}, lit by {phrase}.",
    "{artist} have a gift for {adjective} {noun}, and “{title}” makes the most of it.",
]
QUIRK_SENTENCES = [
    "And then there is {quirk}, without which no record by {artist} would be complete.",
    "As ever with {artist}, you get {quirk}.",
    "{artist}, who are known for {quirk}, put it right at the front of “{title}”.",
    "Only {artist} would build a bridge out of {quirk}.",
    "The secret ingredient is {quirk}.",
    "“{title}” begins with {quirk}, and it suits {artist}.",
]
COMPARISONS = [
    "Admirers of {peer} will feel at home.",
    "It is hard not to think of {peer}, whose {adjective} {noun} cast a long shadow here.",
    "Where {peer} would add another layer, {artist} take one away.",
    "Fans of {peer} and {peer2} should start with “{title}”.",
    "{artist} share with {peer} a weakness for {phrase}.",
    "The nearest relative is {peer}, though {artist} are more {adjective}.",
    "Like {peer}, they trust in {noun}.",
    "If {peer} made {call} respectable, {artist} make it {adjective} again.",
    "They have toured with {peer}, and some of those {adjective} habits have rubbed off.",
]
OBJECTIONS = [
    "Not everything works: “{title}” goes on a minute too long.",
    "The {noun} wear a little thin towards the end.",
    "One could wish for a {common} second half.",
    "It is not a perfect record, and the sequence is {common}.",
    "A {common} idea or two more would not have hurt.",
    "“{title}” is the weak spot, {common} as its intentions are.",
]
CLOSINGS = [
    "It is, for all that, a {common} record, and {artist} have earned it.",
    "On this evidence {artist} are among the best there are in {call}.",
    "Play it {moment}, and play it again.",
    "“{album}” may not change your life, but it will change your evening.",
    "A {adjective} record by a {common} act.",
    "I have not stopped playing “{title}” since it arrived.",
    "{artist} play {place} next month. Go.",
]
NEWS_HEADLINES = [
    "{artist} announce dates", "{artist} share new song “{title}”", "{artist} sign to {label}",
    "{artist} to play {place} in spring", "Watch: {artist} perform “{title}” in {place}",
    "{artist} and {peer} to tour together", "New music from {artist}",
]  # fmt: skip
NEWS_OPENINGS = [
    "{artist} have announced a run of shows, beginning in {place} next month.",
    "{artist} have shared “{title}”, the first taste of what comes next.",
    "The {label} label has signed {artist}, the {place} act known for {adjective} {call}.",
    "{artist} return: “{title}” is out today on {label}.",
    "{artist} will go on tour with {peer}, both camps confirmed on {weekday}.",
    "A year of silence is over for {artist}, who played a surprise show in {place} on {weekday}.",
]
NEWS_BODY = [
    "The song is a {adjective} piece of {call}, with {phrase} and a nod to {peer}.",
    "“We wanted something more {adjective},” {person} of {artist} says. “More {noun}, fewer {noun2}.”",
    "It was recorded in {place} with {person}, and it has {phrase} all over it.",
    "The band first drew attention with “{title}”, all {phrase} and {adjective} {noun}.",
    "Expect {phrase}, {phrase2} and, going by past shows, {quirk}.",
    "“It started with {quirk},” {person} explains, “and then the {noun} came.”",
    "Support comes from {peer}, whose own {adjective} take on {call} is well worth arriving early for.",
    "Tickets go on sale on {weekday}.",
    "Critics have called them {adjective}, {adjective2} and, on a good night, {scene}.",
    "“{title}” follows a {common} year for {artist}, who have gone from small rooms to {adjective} festival slots.",
]
INTERVIEW_HEADLINES = [
    "“We like {noun}”: {artist} in conversation", "{artist}: the interview", "Five questions for {artist}",
    "Inside the {adjective} world of {artist}", "{person} of {artist} on {noun} and {noun2}",
]  # fmt: skip
INTERVIEW_OPENINGS = [
    "{person} is late, and sorry, and carrying {quirk}. We are in {place} to talk about “{album}”.",
    "I meet {artist} in a café in {place}, where {person} orders tea and talks about {noun}.",
    "{artist} do not give many interviews. When they do, {person} does the talking.",
]
EXCHANGES = [  # a question and its answer
    (
        "Your music has been called {adjective}. Is that fair?",
        "I suppose it is. We have always liked {phrase}, and you cannot have that without some {adjective2} {noun}.",
    ),
    ("How did “{title}” come about?", "It began with {phrase}. Then somebody brought {quirk}, and that was that."),
    ("What were you listening to?", "A lot of {peer}, to be honest. The {noun} on their records are so {adjective}."),
    (
        "People mention {peer} a lot when they talk about {artist}.",
        "They are friends. They taught us about {noun}. We hope that {artist} are a bit more {adjective}.",
    ),
    (
        "Where do you start in the studio?",
        "With the {noun}. Everything else has to be {adjective} enough to sit on top, even {phrase}.",
    ),
    ("Do you mind being filed under {call}?", "It is as good a word as any. I think of what we do as {scene}."),
    ("How do you begin?", "With silence, and then {phrase}. “{title}” took one afternoon; the {noun} took a year."),
    ("What should a listener feel?", "It should be like {scene}. If it gets too clean we put {quirk} on it."),
    ("What is next?", "More {noun}, fewer {noun2}. And a tour with {peer}, if {place} lets us go."),
]
ROUNDUP_PARAGRAPHS = [
    "{artist}, “{title}”: {adjective} {call} from {place}, with {phrase} and more than a hint of {peer}.",
    "{artist} return with “{title}”, as {adjective} as one hoped, all {phrase}.",
    "New to us are {artist}. “{title}” has {phrase}, {adjective} {noun} and {quirk}.",
    "“{title}” by {artist} is like {scene}: {adjective}, {adjective2}, over too soon.",
]
PRESS_RELEASE = [
    "{label} is proud to announce “{album}”, the new release by {artist}, available everywhere from today.",
    "Recorded in {place} with producer {person}, “{album}” brings together {phrase} and {phrase2} in a sound that is "
    "at once {adjective} and {adjective2}.",
    "“This is the most {adjective} thing we have done,” says {person}. “We wanted {noun}, and we wanted {noun2}.”",
    "{artist} have shared stages with {peer} and {peer2}. Lead track “{title}” is out now.",
]
MOMENTS = ["late at night", "on a long train ride", "before anybody is up", "with the windows open", "on good speakers",
           "alone", "in company", "in the dark"]  # fmt: skip
LABELS = ["Tin Roof", "Slow Harbour", "Ninth Floor", "Paper Moon Tapes", "Otter", "Concrete Lake", "Sister City",
          "Low Road", "Blue Stamp", "Cardigan"]  # fmt: skip
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]

GERMAN = [
    "Mit „{title}“ melden sich {artist} zurück, und wieder klingt alles nach {place} und langen Nächten.",
    "Das neue Werk heißt „{album}“ und ist ihr bisher bestes.",
    "Wer {peer} mag, wird auch hier glücklich werden, denn die Verwandtschaft ist nicht zu überhören.",
    "Schade nur, dass die zweite Hälfte des Albums nicht ganz hält, was die erste verspricht.",
    "Aufgenommen wurde in einer alten Mühle, gemischt an einem einzigen Wochenende.",
    "Live sind {artist} im Frühjahr zu sehen, Karten gibt es ab sofort.",
    "Am Ende bleibt ein Album, das man gern noch einmal von vorn hört, am liebsten bei offenem Fenster.",
]
FRENCH = [
    "Avec « {title} », {artist} signent leur plus belle chanson, et peut-être la plus simple.",
    "L'album s'appelle « {album} » et il s'écoute comme on traverse une ville la nuit.",
    "On pense à {peer}, mais la comparaison s'arrête vite, tant la voix est singulière.",
    "Enregistré en quelques jours à {place}, le disque garde la fraîcheur des premières prises.",
    "Quelques longueurs au milieu, vite oubliées dès que revient le refrain.",
    "Le groupe sera en tournée au printemps, et il ne faudra pas le manquer.",
]
OTHER_SUBJECTS = {  # pages about no music; names that are common words stand in them as what they mean
    "Ferries delayed by winter storm": [
        "Ferries in the harbour stayed at anchor on Tuesday as the first winter storm of the year reached the coast.",
        "The tide rose to within a hand of the quay, and the lantern at the end of the pier was put out by a wave.",
        "Winter timetables apply until further notice, and passengers are asked to check before they travel.",
        "“We have not seen such a tide since the new harbour was built,” the harbour master said.",
        "Gravel and sand were washed across the coastal road, which remains closed between the anchor works and the "
        "old harbour.",
    ],
    "How to repot an orchid": [
        "An orchid wants light, but no sun at noon, and gravel rather than soil.",
        "Repot it every second winter, when the roots have filled the pot.",
        "Line the pot with paper first, then with a hand of gravel, and keep the roots loose.",
        "Water once a week, less in winter, and never let it stand in water.",
    ],
    "Council votes on copper roof": [
        "The copper roof of the town hall will be replaced, the council decided by eleven votes to nine.",
        "Copper has become dear, and thieves have taken two gutters since the spring.",
        "The paper trail of the first tender, which had to be repeated, fills four folders.",
        "Static electricity in the old wiring had led to two small fires under the copper sheets.",
    ],
    "Telescope sees planet in wide orbit": [
        "Astronomers have found a planet in an orbit so wide that one of its years lasts eleven hundred of ours.",
        "The orbit is tilted, and nobody knows what pushed the planet there.",
        "The paper, which has not been reviewed yet, describes eight years of observations.",
        "A second orbit further out would fit the data as well.",
    ],
    "Soup for cold evenings": [
        "Nothing is as good in winter as a soup that has been on the stove since noon.",
        "Fry the onions in a copper pan, add the stock, and let it simmer under a lid.",
        "Season late, because the salt gets stronger as it cooks down.",
        "Serve with bread, and a lantern on the balcony if there are guests.",
    ],
    "Rovers held to a draw": [
        "Rovers came from behind twice and had to settle for a point after a scrappy second half.",
        "The equaliser fell in the last minute, from a corner that should never have been given.",
        "Their next match is at home, in the new stand by the harbour.",
        "The manager would not speak to the press, and left by the back door.",
    ],
}
