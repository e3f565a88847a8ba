"""Words of business in general: which spellings mean one word, and how little the common ones say of a company.

From general knowledge of how companies are called, not from any list of companies. What an installation's own
customers are called adds to it (`crm.rules.rarity`).
"""

# The word that counts, and what else is written for it: abbreviations, plurals, the same word in other languages.
_ONE_WORD = """
    international: intl int internatl internat internacional internazionale internationale internasional internationaal
    holding: holdings hldg hldgs hdg hdgs hold holdco
    company: co cos companies comp compania companhia compagnie cia cie
    corporation: corp corporacion corporate
    group: grp grupo groupe gruppe gruppo gpo groups grupa gruppen
    manufacturing: mfg mfrs manuf manufacturers manufacturer manufacture
    technology: tech technologies tec technologie technologia tecnologia technik techs
    industry: ind inds industries industria industrias industrie industrial industrials indus industriale
    bank: banco banque banca banka bankasi banks banking bk
    investment: invest inv investments investimento investimentos inversiones investissement investissements
    development: dev developments devel dvlpt
    service: services svc svcs serv servicios services
    system: systems sys systeme sistemas sistemi
    pharmaceutical: pharma pharm pharmaceuticals pharmaceutica farma
    financial: fin finance financiera financiere finanz finanziaria financials
    bancorp: bancorporation bancshares
    engineering: eng engg engr engrg engineers ingenieria
    construction: const constr constructions construcciones construcao
    electric: elec electrical electricity electrics elektrik elektro
    electronic: electronics elektronik electronica
    chemical: chem chemicals chemie chimie quimica kimya chemische
    product: products prods prod produkte
    property: properties prop props
    mineral: minerals minera
    communication: communications comm comms comunicaciones
    telecommunication: telecommunications telecom telecoms telekom tel telco telecomunicaciones
    management: mgmt mgt mngmt
    laboratory: laboratories labs lab laboratorios laboratoires
    brother: brothers bros
    association: assoc assn associates associated associazione
    national: natl nat nacional nationale nazionale
    insurance: ins assurance assurances seguros versicherung versicherungen assicurazioni sigorta insur
    transport: transportation trans transports transporte transportes transporation
    university: univ universitat universite universidad
    center: centre centers centres ctr centrum zentrum centro
    material: materials matls
    energy: energi energie energia enerji energies energetica nrg
    solution: solutions soluciones
    partner: partners partnership
    enterprise: enterprises ent entpr entreprise entreprises
    trust: trusts
    fund: fd fundo fonds funds
    software: sw softwares
    restaurant: restaurants rest
    metal: metals metall metalle
    food: foods gida
    hotel: hotels
    mill: mills
    saint: st sankt sint
    mount: mt mountain
    brand: brands
    work: works werke werk
    department: dept
    distribution: dist distr distributors distributor distrib
    general: gen generale
    equipment: equip eqpt
    medical: med medica
    therapeutic: therapeutics thera
    science: sciences sci
    network: networks netw
    american: america americas amer
    estate: estates
    utility: utilities util
    mine: mines mining
    motor: motors
    security: securities
    home: homes
    market: markets mkt mkts
    store: stores
    textile: textiles tekstil textil
    communications: commns
    real: rlty realty
    resource: resources rsrcs
    consulting: consult consultants consultancy consulenza
    logistic: logistics logistik logistica logistyka
    marketing: mktg
    trading: trdg trade trader traders
    building: bldg buildings bldgs
    machinery: mach machines machine maschinen
    commercial: comml commerciale comercial commerce
    environmental: env environment enviro
    automotive: auto automobile automobiles automobil
    exploration: expl explorations
    petroleum: petr petrol
    production: productions produktion
    president: pres
    european: europe europa euro
    central: cent ctrl
    north: northern nord
    south: southern sud
    east: eastern ost
    west: western
    united: utd
    limited: ltd
    society: societe sociedad sociedade societa soc
    cooperative: coop cooperativa
    advanced: adv
    administration: admin
    agriculture: agri agric agricultural agro
    hospital: hosp hospitals
    institute: inst institut institutes
    maintenance: maint
    government: govt
    communal: community
    biotechnology: biotech biotechnologies
    semiconductor: semiconductors semicon semi
    foundation: fdn found fundacion fondazione stiftung
    packaging: pkg packagings
    warehouse: whse warehouses
    wholesale: whsl wholesalers
    refrigeration: refrig
    republic: rep
"""
# How often words are met among a million names of companies, at least.
_FREQUENT = {
    50_000: """
        group holding company corporation limited class series adr ads gdr bdr drc cdi pref preferred preference prf
        ord ordinary share shares stock common nonvoting voting registered unit units cum
    """,
    15_000: """
        international industry bank investment technology energy service system financial development global
        insurance capital trust construction engineering management de la and of for the china product solution
        pharmaceutical national enterprise trading property real estate chemical food
    """,
    5_000: """
        electric electronic resource mine mineral medical media communication telecommunication network software
        textile metal steel gas oil petroleum power fund partner association center hotel logistic transport
        automotive material equipment machinery first new united american european asia pacific india japan
        digital data health healthcare consulting commercial general science work motor retail market store brand
        home security credit entertainment society university del do da di al van der den des du el y e a b
    """,
    2_000: """
        acquisition agriculture air airlines apparel aviation bancorp beverage biotechnology brother building business
        cable care cement city computer cooperative design distribution drug education environmental exploration
        export express fashion federal furniture gold golden great green import information infrastructure institute
        interactive iron laboratory land leasing life maintenance manufacturing marine marketing mill mobile north
        south east west northern southern central old online packaging paper plastic printing production public
        publishing railway research restaurant rubber semiconductor shipping silver special star state studio sugar
        sun supply therapeutic tire tobacco tourism travel union universal utility water web wine wireless wood world
        germany france polska poland deutschland italia espana brasil australia africa canada uk usa us russia turkey
        turkiye mexico korea thailand malaysia indonesia vietnam singapore hong kong taiwan philippines nigeria egypt
        israel saudi
    """,
}


def _listed() -> dict[str, str]:
    meanings: dict[str, str] = {}
    for line in _ONE_WORD.strip().splitlines():
        word, _, spellings = line.strip().partition(":")
        for spelling in spellings.split():
            meanings.setdefault(spelling, word)
    return meanings


MEANINGS = _listed()
PER_MILLION = {word: often for often, words in reversed(_FREQUENT.items()) for word in words.split()}
