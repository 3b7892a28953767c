<CsoundSynthesizer>
; A melody of a saw in the timbre of strings, rendered into a file: csound transfer.csd
; To the sound card instead: csound -odac transfer.csd
<CsOptions>
-W -f -o transfer.wav
</CsOptions>
<CsInstruments>
sr = 44100
ksmps = 64
nchnls = 2
0dbfs = 1

gamix init 0

instr Saw
  kenv linsegr 0, 0.05, 1, p3 - 0.1, 0.7, 0.2, 0
  gamix += 0.3 * kenv * vco2(0.5, cpspch(p4) * (1 + 0.004 * lfo(1, 5)))
endin

; always on, at the end: one model for all notes
instr Strings
  kdomain line p4, p3, p5  ; from the original to the domain
  aout melisma gamix, "strings", "domain", kdomain, "match", 1, "fine", 1, "fine.kept", 1
  outs aout, aout
  gamix = 0
endin
</CsInstruments>
<CsScore>
i "Strings" 0 9 0 1
i "Saw" 0 1 8.00
i . + 1 8.04
i . + 1 8.07
i . + 1 8.11
i . + 1 9.00
i . + 1 8.09
i . + 2 8.07
</CsScore>
</CsoundSynthesizer>
