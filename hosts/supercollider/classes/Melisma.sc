// Melisma: sound in, sound out, in a model's timbre. Each class spells the model's name and its settings' names as
// numbers among the inputs of its unit: a length, then the bytes.
Melisma : MultiOutUGen {
	classvar <latents = 16; // as many have the published models

	*ar { |in = 0, model = "strings", domain = 1, match = 1, fine = 1, colour = 0, mix = 1, loudness = 0, bias, scale,
		settings|
		^this.prNew('audio', 1, [in], model, this.prUsual(domain, match, fine, colour, mix, loudness, bias, scale, settings))
	}

	// Models held open, so that new synths have them at once.
	*keep { |model = "strings", server| this.prKeep(model, server, 1) }
	*letGo { |model = "strings", server| this.prKeep(model, server, 0) }

	// Which units of a definition's synths are of Melisma.
	*indices { |def| ^def.children.selectIndices { |unit| unit.isKindOf(Melisma) } }

	// To a synth: a command for the unit of this index in it.
	*load { |synth, index, model| synth.server.sendMsg('/u_cmd', synth.nodeID, index, \load, model.asString) }
	*set { |synth, index ... pairs| synth.server.sendMsg('/u_cmd', synth.nodeID, index, \set, *pairs) }
	*bypass { |synth, index, on = true| synth.server.sendMsg('/u_cmd', synth.nodeID, index, \bypass, on.asBoolean.binaryValue) }
	*reset { |synth, index| synth.server.sendMsg('/u_cmd', synth.nodeID, index, \reset) }

	*prKeep { |model, server, on|
		(server ? Server.default).sendMsg('/cmd', \melisma_keep, model.asString, on)
	}

	*prUsual { |domain, match, fine, colour, mix, loudness, bias, scale, settings|
		var pairs = [
			\domain, domain, \match, match, \fine, fine, \colour, colour, \mix, mix, 'loudness.offset', loudness
		];
		^pairs ++ this.prLatents("bias.", bias) ++ this.prLatents("scale.", scale) ++ (settings ? [])
	}

	// One for each latent, counted from 1; nil leaves a latent as it is.
	*prLatents { |name, values|
		var pairs = [];
		values.asArray.do { |value, i| if(value.notNil) { pairs = pairs ++ [name ++ (i + 1), value] } };
		^pairs
	}

	*prText { |text|
		text = text.asString;
		^[text.size] ++ text.asList.collect { |character| character.ascii.bitAnd(255) }.asArray
	}

	*prNew { |rate, outputs, signals, model, pairs|
		var numbers = [];
		pairs.pairsDo { |name, value| numbers = numbers ++ this.prText(name) ++ [value] };
		^this.multiNewList(
			[rate, outputs, signals.size] ++ signals ++ this.prText(model) ++ [pairs.size div: 2] ++ numbers
		)
	}

	init { |outputs ... given|
		inputs = given;
		^this.initOutputs(outputs, rate)
	}
}

// Two channels through one model: what is heard where stays there.
MelismaStereo : Melisma {
	*ar { |in = #[0, 0], model = "strings", domain = 1, match = 1, fine = 1, colour = 0, mix = 1, loudness = 0, bias, scale,
		settings|
		if(in.size != 2) { Error("MelismaStereo wants two channels").throw };
		^this.prNew('audio', 2, in, model, this.prUsual(domain, match, fine, colour, mix, loudness, bias, scale, settings))
	}
}

// A sound → its latents, in standard deviations, and last its loudness in dBFS.
MelismaEncode : Melisma {
	*ar { |in = 0, model = "strings", latents = 16| ^this.prNew('audio', latents + 1, [in], model, []) }
	*kr { |in = 0, model = "strings", latents = 16| ^this.prNew('control', latents + 1, [in], model, []) }
}

// Such an array → a sound.
MelismaDecode : Melisma {
	*ar { |path, model = "strings", match = 0, loudness = 0, bias, scale, settings|
		var pairs = [\match, match, 'loudness.offset', loudness];
		pairs = pairs ++ this.prLatents("bias.", bias) ++ this.prLatents("scale.", scale) ++ (settings ? []);
		^this.prNew('audio', 1, path, model, pairs)
	}
}
