import sys, pandas as pd, numpy as np
from pathlib import Path
import qi_analysis.funnel as F
folder=Path(sys.argv[1])
cases=pd.read_csv(folder/"funnel_cases.csv"); inp=pd.read_csv(folder/"funnel_input.csv"); exp=pd.read_csv(folder/"funnel_expected_units.csv"); summ=pd.read_csv(folder/"funnel_expected_summary.csv").set_index("case_id")
bad=done=0
for c in cases.itertuples():
    f=inp[inp.case_id==c.case_id]; e=exp[exp.case_id==c.case_id]; s=summ.loc[c.case_id]
    r=F.add_funnel(f,overdispersion=True)
    probs=[]
    if not np.isclose(r.baseline.iloc[0],s.target,rtol=1e-9): probs.append("target")
    if not np.isclose(r.phi.iloc[0],s.phi,rtol=1e-9): probs.append(("phi",r.phi.iloc[0],s.phi))
    if not np.isclose(r.tau2.iloc[0],s.tau2,rtol=1e-9,atol=1e-12): probs.append(("tau2",r.tau2.iloc[0],s.tau2))
    ok=~e.wraps_od.to_numpy()
    for a,b in (("lower_2s","od_ll95"),("upper_2s","od_ul95"),("lower_3s","od_ll998"),("upper_3s","od_ul998")):
        if not np.allclose(r[a][ok.tolist()],e[b][ok.tolist()],atol=1e-6,rtol=0): probs.append(a)
    if c.draw_adjusted:
        q="2s" if c.limit==95 else "3s"
        p=r.numerator/r.denominator
        fl=((p<r["lower_"+q])|(p>r["upper_"+q])).astype(int).to_numpy()
        if (fl!=e.outlier_clamped.to_numpy()).any(): probs.append(("flags",c.limit,fl.sum(),e.outlier_clamped.sum()))
    done+=1
    if probs: bad+=1; print(c.case_id,c.conformance,probs)
print(done,bad)
