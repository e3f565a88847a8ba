"""What people of the demo say to each other."""

APPEAL_GROUNDS = (
    "The contact whom you could not reach was on leave; she confirms our project in the attached mail.",
    "The framework contract covers maintenance only. This is a new project with a budget of its own.",
    "We brought this customer to you and ran two workshops there before anybody else asked.",
    "The project that was cancelled was another department's. Ours has been approved by the board.",
)
# By whether the appeal is overturned.
JUDGEMENTS = {
    False: (
        "The customer confirmed once more in writing that nothing is planned. The answer stands.",
        "The framework contract does cover this scope; its text is unambiguous.",
    ),
    True: (
        "The evidence is dated before anybody else's activity. The partner was right, and we apologise.",
        "This is a project of its own. The rejection mistook it for the one under the framework contract.",
    ),
}
PRECEDENTS = {
    False: (
        "A plan without a person at the customer who confirms it is not enough for an appeal either.",
        "A customer's written word that nothing is planned outweighs what others expect it to do.",
        "What a framework contract covers by its text is no new project, whoever finds the budget for it.",
    ),
    True: (
        "A framework contract for maintenance does not stand against a new project with a budget of its own.",
        "That a contact could not be reached within a day is no ground to reject: the partner is asked first.",
        "What one department cancels says nothing about the project of another department.",
    ),
}
WENT_WRONG = (
    "Our account team did not look at the protection before it made an offer. This should not have happened.",
    "The opportunity was opened from a web enquiry without a check. The team has been reminded of the rules.",
    "The renewal was booked by the direct team although the customer was yours. We are sorry.",
)
NO_BREACH = (
    "The customer asked for spare parts under its old support contract; that is not what you are protected for.",
    "The entry was made for another company of the group by mistake and has been corrected.",
)
NOTHING_LOST = "The offer was withdrawn before the customer saw it, so nothing was lost by it."
LEADS = (
    "They saw us at a fair and want a pilot for two sites before the summer.",
    "Their contract ends in autumn. They ask for an offer with training for forty people.",
    "The new head of operations used our product before and wants it here as well.",
    "Filled in the form on our site; wants to be called by somebody who speaks the language.",
)
DECLINED_LEADS = (
    "All our consultants are booked until the end of the quarter.",
    "We have nobody near this site.",
)
ACTIVITY = (
    "Demo went well; they want to see a pilot next.",
    "Met their head of operations on site. Budget is confirmed, timing depends on the audit.",
    "Second workshop done, offer follows this week.",
    "Reference visit is agreed.",
)
MORE_TIME = "The customer has moved its board meeting; their project lead confirmed the new date to us in writing."
"""Words of an extension's evidence: what happened, on the day that goes with them."""
