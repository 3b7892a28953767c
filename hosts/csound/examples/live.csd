<CsoundSynthesizer>
; The microphone through a model, from and to the sound card: csound live.csd
; Latents wander; every eight seconds another model fades in.
<CsOptions>
-iadc -odac
</CsOptions>
<CsInstruments>
sr = 44100
ksmps = 64
nchnls = 2
0dbfs = 1

instr 1
  ain inch 1
  Smodel = "singing"
  if (int(timeinsts() / 8) % 2 == 1) then
    Smodel strcpyk "strings"
  else
    Smodel strcpyk "singing"
  endif
  kbias randi 2, 0.3
  kscale randi 1, 0.2
  aout melisma ain, Smodel, "match", 1, "fine", 1, "bias.1", kbias, "scale.2", 1 + kscale
  outs aout, aout
endin
</CsInstruments>
<CsScore>
i1 0 3600
</CsScore>
</CsoundSynthesizer>
