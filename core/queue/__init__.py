"""The pieces around django-q2: broker, ticker, launcher, canary. The queue only wakes us; rows say what is to be done."""
