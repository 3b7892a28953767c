// Hands the microphone's samples to the page as they are: lossless, unlike MediaRecorder.

class Recorder extends AudioWorkletProcessor {
  process([input]) {
    if (input[0]) this.port.postMessage(input[0].slice());
    return true;
  }
}

registerProcessor('melisma-recorder', Recorder);
