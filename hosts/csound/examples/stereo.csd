<CsoundSynthesizer>
; Two channels of noise that sing on their own output: what is heard where stays there.
<CsOptions>
-W -f -o stereo.wav
</CsOptions>
<CsInstruments>
sr = 44100
ksmps = 64
nchnls = 2
0dbfs = 1

instr 1
  kpan lfo 0.5, 0.2
  anoise noise 0.1, 0
  kfeedback line 0, p3, 1.5
  kfrequency expon 200, p3, 1200
  aleft, aright melisma anoise * (0.5 + kpan), anoise * (0.5 - kpan), "singing", "match", 1, "feedback", kfeedback, "feedback.frequency", kfrequency
  outs aleft, aright
endin
</CsInstruments>
<CsScore>
i1 0 12
</CsScore>
</CsoundSynthesizer>
