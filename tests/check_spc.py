import sys, pandas as pd, numpy as np
from pathlib import Path
import qi_analysis.spc as S
folder=Path(sys.argv[1]); tol=dict(rtol=1e-9,atol=1e-12,equal_nan=True)
cases=pd.read_csv(folder/"xmr_ptd_cases.csv"); inp=pd.read_csv(folder/"xmr_ptd_input.csv",parse_dates=["date"]); exp=pd.read_csv(folder/"xmr_ptd_expected_points.csv"); summ=pd.read_csv(folder/"xmr_ptd_expected_summary.csv")
LAB={"Above UCL":("outside_limits","high"),"Below LCL":("outside_limits","low"),"7 Point Trend (Increasing)":("trend","high"),"7 Point Trend (Decreasing)":("trend","low"),"2 in 3 Above CL":("two_in_three","high"),"2 in 3 Below CL":("two_in_three","low"),"7 Points Above CL":("shift","high"),"7 Points Below CL":("shift","low"),"Common Cause":("","")}
bad=0; done=0
for c in cases.itertuples():
    if c.conformance=="peer-defect": continue
    f=inp[inp.case_id==c.case_id]; e=exp[exp.case_id==c.case_id]
    if f.value.isna().any() : print("nan",c.case_id)
    r=S.add_spc(f,chart="xmr",order="date",improvement=c.improvement_direction,target=None if np.isnan(c.target) else c.target,rebase=[] if not isinstance(c.rebase,str) else c.rebase.split(";"),baseline=None if np.isnan(c.fix_after_n_points) else int(c.fix_after_n_points),screen=c.screen_outliers)
    probs=[]
    for a in("mean","lpl","upl"):
        if not np.allclose(r[a],e[a],**tol): probs.append(a)
    lab=[next(((n,d) for n in S.RULES if getattr(x,n)),("","")) if x.direction else ("","") for x,d in zip(r.itertuples(),r.direction)]
    want=[LAB[t] for t in e.special_cause_type_mdc2023]
    if lab!=want: probs.append(("labels",[(i,a,b) for i,(a,b) in enumerate(zip(lab,want)) if a!=b][:4]))
    s=S.summarise_spc(r,order="date").iloc[0]; w=summ[summ.case_id==c.case_id].iloc[-1]
    if s.variation!=w.variation_icon and c.conformance=="must": probs.append(("var",s.variation,w.variation_icon))
    if s.assurance.removeprefix("consistent_")!=w.assurance_icon: probs.append(("ass",s.assurance,w.assurance_icon))
    if s.n!=w.n: probs.append(("n",s.n,w.n))
    done+=1
    if probs: bad+=1; print(c.case_id,c.conformance,probs)
print(done,bad)
cases=pd.read_csv(folder/"qic_cases.csv"); inp=pd.read_csv(folder/"qic_input.csv"); exp=pd.read_csv(folder/"qic_expected_points.csv")
bad=done=0
for c in cases.itertuples():
    if c.conformance!="must": continue
    f=inp[inp.case_id==c.case_id].rename(columns={"y":"numerator","n":"denominator"}); e=exp[exp.case_id==c.case_id]
    f=f.assign(order=f.seq)
    part=[] if not isinstance(c.part,str) else [int(x)+1 for x in c.part.split(";")]
    base=None if np.isnan(c.freeze) else int(c.freeze)
    probs=[]
    if c.chart=="run":
        f=f.assign(rate=f.numerator/f.denominator if c.has_denominator else f.numerator)
        f["rate"]*=c.multiply
        r=S.add_run(f,order="order",rebase=part,baseline=base); cen="median"
    else:
        r=S.add_spc(f,chart={"p":"p","pp":"p_prime"}[c.chart],order="order",rebase=part,baseline=base,screen=bool(c.screened_mr)); cen="mean"
        for a,b in (("lpl","lcl"),("upl","ucl")):
            m=e.y.notna().to_numpy()
            if not np.allclose(r[a][m]*c.multiply,e[b][m],**tol): probs.append((a,(r[a].to_numpy()*c.multiply-e[b].to_numpy())[:3]))
    scale=c.multiply if cen=="mean" else 1
    if not np.allclose(r[cen]*scale,e.cl,**tol): probs.append((cen,r[cen].iloc[0],e.cl.iloc[0]))
    s=S.summarise_run(r,by="phase",order="order",centre=cen); w=e.drop_duplicates("part",keep="last")
    for a,b in (("n_useful","n_useful"),("longest_run","longest_run"),("longest_run_max","longest_run_max"),("crossings","n_crossings"),("crossings_min","n_crossings_min"),("signal","runs_signal")):
        if len(s)!=len(w) or not (s[a].to_numpy(float)==w[b].fillna(0).to_numpy(float)).all(): probs.append((a,s[a].tolist(),w[b].tolist()))
    done+=1
    if probs: bad+=1; print(c.case_id,c.chart,c.part,c.freeze,probs)
print(done,bad)
