"""Process charts: is a change real, or what chance does?

The rules and words are those of NHS England's Making Data Count (MDC). Each rule that fired is a
column of its own. Everything is computed for all groups at once.

Where this departs from MDC's own tool (NHSRplotthedots 0.2.2) and from qicharts2 0.8.1:

======================  =================================  ============================  ==========
what                    here                               why                           switch
======================  =================================  ============================  ==========
rates                   p′ charts, limits within 0-1; XmR  Laney (2002); XmR limits      ``chart``
                        only on ``value``, never held in   pass 100%
rates that vary less    limits never within a p chart's    few points vary little by     ``chart``
than by chance                                             chance too
two in three            points beyond the limit count too  MDC, November 2023            none
equal points            limits equal to the mean; 100%     the tool gives no limits,     none
                        throughout passes                  and "inconsistent"
screening that would    the unscreened limits stand        the tool's limits have no     ``screen``
leave no range, or 0                                       width, or are missing
screening of rates      only where asked                   p charts need none            ``screen``
target on a limit       counts as beyond it                MDC's text: ≥                 none
rules that point both   ``mixed``, and the sentence says   the tool shows improvement    none
ways                    both
missing period, or      a gap: no moving range; runs and   neighbours in MDC's rules;    none
one that is absent      trends start again after it        Anhøj's counts pass over it
date of recalculation   the period that holds it; one in   the tool ignores such a date  none
                        no group's data is refused
series without a        ``none``, whatever others have     the tool says "inconsistent"  none
target
more than all           refused                            qicharts2 draws it            none
======================  =================================  ============================  ==========

Sources: NHS England, Making Data Count; Provost and Murray, The Health Care Data Guide; Laney
(2002), Quality Engineering 14:531; Anhøj and Olesen (2014), PLoS ONE 9:e113825.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
