/* Melisma's real-time core: model files opened, and run as streams. C99; every host is a client of this
   header alone.

   Units. Waveforms are float samples, full scale ±1. Frames follow each other by `hop` samples at the model's
   rate. Latents are in standard deviations on the training set; loudness in A-weighted dBFS, at least −100;
   log-mels are 0 at −100 dBFS and 1 at full scale. Arrays over frames are frame by frame: latents[frame * Z +
   dimension].

   Threads. A model is read-only once opened: any number of threads may make streams of it and query it. A
   stream belongs to one thread at a time (the audio thread), but for `melisma_set` and `melisma_get`, which
   any thread may call at any time. Functions marked REALTIME neither allocate, lock, log, throw nor call the
   system.

   Errors. Opening and making streams give NULL and one sentence in the caller's buffer. Nothing else can
   fail: a NaN or an infinity in an input is read as 0, and samples are read within ±10000. */

#ifndef MELISMA_H
#define MELISMA_H

#include <stddef.h>
#include <stdint.h>

#if defined(MELISMA_API) /* a host that holds the core within itself says how its symbols are seen */
#elif defined(_WIN32)
#define MELISMA_API __declspec(dllexport)
#else
#define MELISMA_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header; of the library: melisma_version(). It grows when something that was there changes.
   Additions do not count: functions come, structs grow at their end (which is why `melisma_describe` is told
   a size), parameters are found by name and kept by name. */
#define MELISMA_VERSION 2

typedef struct melisma_model melisma_model;
typedef struct melisma_stream melisma_stream;

/* ---- models ---- */

typedef struct {
    const char* name;        /* UTF-8; this and all pointers below live as long as the model */
    const char* vocoder;     /* "phase" or "melgan" */
    const char* kernels;     /* "avx512vnni", "avx512", "avx2", "neon", "simd128" (WebAssembly) or "plain" */
    int32_t sample_rate;     /* Hz */
    int32_t frame, hop;      /* samples */
    int32_t bands;           /* M: rows of a log-mel */
    int32_t latents;         /* Z: rows of a latent path */
    int32_t encoder_latents; /* Z': dimensions of the encoder, before calibration */
    int32_t latency; /* samples at the model's rate, from a sound at process's input to that sound at its
                        output */
    int32_t delay;   /* samples: decode's and synthesize's output lags the frames' own sound by so many */
    const float* percentiles;                  /* (Z, 5): 1st, 5th, 50th, 95th, 99th on the training set */
    int64_t golden_samples;                    /* 0 if the file has no golden pair */
    const float *golden_input, *golden_output; /* waveforms; process gives the output one hop later */
    int64_t weight_bytes;                      /* what the packed weights take */
    const char* unusable; /* UTF-8: why, where its own training calls it not usable yet; "" if it does not */
} melisma_info;

/* Open a model file. kernels: NULL for the best that this machine has, or one of the names above (for tests).
   → NULL and one sentence in error[size] (if size > 0) when that fails. */
MELISMA_API melisma_model* melisma_open(const char* path, const char* kernels, char* error, size_t size);

/* The same from memory, which may be freed afterwards. */
MELISMA_API melisma_model* melisma_open_memory(const void* data, size_t bytes, const char* kernels,
                                               char* error, size_t size);

/* Let go of a model. Its streams keep what they need of it until they are freed themselves. NULL is allowed.
 */
MELISMA_API void melisma_close(melisma_model* model);

/* size: sizeof(melisma_info) as the caller knows it; what a newer one has behind it is left out, what an
   older one lacks is 0. */
MELISMA_API void melisma_describe(const melisma_model* model, melisma_info* info, size_t size);
MELISMA_API int melisma_version(void);

/* ---- parameters ---- */

typedef struct {
    const char* name; /* such as "loudness.offset"; "scale.1" … and "bias.1" … for each latent */
    const char* unit; /* "dB", "Hz", "×", "σ" or "" */
    const char* summary;
    float minimum, maximum;
    float default_value; /* what a new stream has; `default` is a word of C */
    int32_t whole;       /* 1: whole numbers only */
} melisma_parameter;

MELISMA_API int melisma_parameter_count(const melisma_model* model);
MELISMA_API const melisma_parameter* melisma_parameter_at(const melisma_model* model,
                                                          int index); /* NULL outside */
MELISMA_API int melisma_parameter_find(const melisma_model* model,
                                       const char* name); /* −1 if there is none */

/* REALTIME, any thread. Values are kept within their range (NaN is ignored) and reached smoothly. "domain"
   stands over three others and sets none of them: at d, match is heard as d * match, fine as
   fine + (1 - d) (1 - fine), colour likewise. So 0 is the original, as nearly as the model can say it, and 1
   what they say. */
MELISMA_API void melisma_set(melisma_stream* stream, int index, float value);
MELISMA_API float melisma_get(const melisma_stream* stream, int index);

/* ---- streams ---- */

/* A stream for a host that runs at host_rate Hz (8000 to 384000; 0: the model's own rate). Blocks may have
 * any size. */
MELISMA_API melisma_stream* melisma_stream_new(melisma_model* model, int host_rate, char* error, size_t size);
MELISMA_API void melisma_stream_free(melisma_stream* stream); /* NULL is allowed */

/* REALTIME. As if the stream had just been made; parameters keep their values. */
MELISMA_API void melisma_reset(melisma_stream* stream);

/* REALTIME. Samples at the host's rate from a sound at melisma_process's input to that sound at its output.
 */
MELISMA_API int melisma_latency(const melisma_stream* stream);

/* REALTIME. n ≥ 0 samples in, as many out, at the host's rate; out may be in. All parameters apply. */
MELISMA_API void melisma_process(melisma_stream* stream, const float* in, float* out, int64_t n);

/* REALTIME, between two calls of melisma_process, for hosts that show what is played: the frame that it
   decoded last, after all parameters. latents (Z), loudness (1), mel (M): the log-mel that the vocoder was
   given; any of them may be NULL, and before the first frame they are left as they are. → how many frames
   there were since the stream was made or reset. */
MELISMA_API int64_t melisma_last_frame(const melisma_stream* stream, float* latents, float* loudness,
                                       float* mel);

/* Channels: 1 or 2 of one model that sound together, such as left and right. Parameters, seeds and time are
   common; analysis, latents and what each keeps of the past are a channel's own. Between the two, phases
   differ as they do at the input, so that what is heard where stays there. Weights are shared, and read once
   for both. Channels that are equal stay equal to the bit, and are what a stream of one gives.
   melisma_process and all other functions use the first channel of such a stream alone: call melisma_reset
   between two uses. */
MELISMA_API melisma_stream* melisma_stream_new_channels(melisma_model* model, int host_rate, int channels,
                                                        char* error, size_t size);
MELISMA_API int melisma_channels(const melisma_stream* stream); /* REALTIME */

/* REALTIME. As melisma_process: in[channel] and out[channel], as many as the stream has; any may be another.
 */
MELISMA_API void melisma_process_channels(melisma_stream* stream, const float* const* in, float* const* out,
                                          int64_t n);

/* The parts, for hosts that keep the latent path in their hands: at the model's rate, and no parameters
   apply. A stream does one of these or melisma_process; call melisma_reset between two uses.

   Those that read waveforms give the frames that the samples complete, at most n / hop + 1, and return how
   many; those that read frames write hop samples for each. Any pointer to results may be NULL. All are
   REALTIME. */
MELISMA_API int64_t melisma_encode(melisma_stream* stream, const float* in, int64_t n, float* latents,
                                   float* loudness);
MELISMA_API int64_t melisma_analyse(melisma_stream* stream, const float* in, int64_t n, float* mel,
                                    float* loudness);
MELISMA_API int64_t melisma_posterior(melisma_stream* stream, const float* in, int64_t n, float* mean,
                                      float* log_variance);
MELISMA_API void melisma_decode(melisma_stream* stream, const float* latents, const float* loudness,
                                int64_t frames, float* out);
MELISMA_API void melisma_decode_mel(melisma_stream* stream, const float* latents, const float* loudness,
                                    int64_t frames, float* mel);
MELISMA_API void melisma_synthesize(melisma_stream* stream, const float* mel, int64_t frames, float* out);

/* The same with what the latents leave out of a sound, its residual, in two layers: the first MELISMA_FINE
   cosines over the bands are its colour, the others its fine structure. layers[frame * M + cosine], in steps
   of MELISMA_LAYER_STEP dB in an orthonormal basis; cosine 0 is always 0. encode_layers runs the decoder,
   too, to know them. In decode_layers fine and colour are amounts from 0 to 1; mel or out may be NULL, and so
   may layers, which is melisma_decode. With what encode_layers gave it equals melisma_process with these
   amounts. REALTIME. */
#define MELISMA_FINE 20
#define MELISMA_LAYER_STEP 1.0
MELISMA_API int64_t melisma_encode_layers(melisma_stream* stream, const float* in, int64_t n, float* latents,
                                          float* loudness, int8_t* layers);
MELISMA_API void melisma_decode_layers(melisma_stream* stream, const float* latents, const float* loudness,
                                       const int8_t* layers, float fine, float colour, int64_t frames,
                                       float* mel, float* out);

/* The same for all channels of a stream, with the sounds that the paths came from: latents[channel] and so
   on. heard[channel]: hop samples for each frame, of which the last completes it; phases differ between the
   channels as they do there, and are those of the first as far as phases (frames) says, from 0 to 1: 0 where
   a frame was moved to another time. A frame that is more than 30 dB louder than what is heard takes less of
   them, from 50 dB on none. As far as the path was matched to the domain, from 0 to 1, what lies below the
   lowest partial that is heard stays low. layers, layers[channel], heard and phases may be NULL. With what
   encode_layers gave it equals melisma_process_channels with these amounts, if phases are fine times
   fine.phases. A vocoder that makes no phases of its own does not look at them. REALTIME. */
MELISMA_API void melisma_decode_heard(melisma_stream* stream, const float* const* latents,
                                      const float* const* loudness, const int8_t* const* layers, float fine,
                                      float colour, const float* const* heard, const float* phases,
                                      float matched, int64_t frames, float* const* out);

/* The fine structure of a path whose latents and loudness were moved elsewhere stays as it was: `layers`,
   those of the path before, become those of the path after, as the parameter fine.kept does it while a stream
   plays. By a stream that does nothing else until it is reset. REALTIME. */
MELISMA_API void melisma_keep_layers(melisma_stream* stream, const float* latents, const float* loudness,
                                     const float* moved, const float* loudness_moved, int64_t frames,
                                     int8_t* layers);

/* The latent path as signals at the host's rate, one value a sample, for hosts that patch signals (Pure
   Data). encode_signals holds each frame's values from the sample that completes it; decode_signals reads its
   inputs at those same samples, so that the two, started together, equal melisma_process in time and sound.
   signals: Z pointers, then the loudness. The parameters of the latents and of the loudness apply in
   decode_signals; those that hold do so with the signals of encode_signals, too. REALTIME. */
MELISMA_API void melisma_encode_signals(melisma_stream* stream, const float* in, float* const* signals,
                                        int64_t n);
MELISMA_API void melisma_decode_signals(melisma_stream* stream, const float* const* signals, float* out,
                                        int64_t n);

/* ---- slots: a place for a stream that another may take while it sounds ---- */

/* A slot has two sides, which may be two threads or one. The audio side runs what is in it; the control side
   puts streams in and takes back those that have gone. The stream in a slot is put, and later given back; it
   may be set and asked meanwhile, but run by the slot alone.

   A stream that is put before anything was processed is there at once. Later ones first hear the input
   unheard, for their latency and 50 ms, and then take over within 30 ms, while the one before goes on: no
   click, no gap. Both are heard at their own latencies: where these differ, the two sounds of that fade lie
   as far apart. Without a stream a slot gives silence, latents of 0 and a loudness of −100 dBFS. */
typedef struct melisma_slot melisma_slot;

MELISMA_API melisma_slot* melisma_slot_new(int host_rate); /* NULL if there is no memory */
MELISMA_API void melisma_slot_free(melisma_slot* slot);    /* with its streams; NULL is allowed */

/* Control side. Put a stream made for the same host rate, or NULL to fade into silence; the slot has it from
   now on. → 0 if it has more than 128 latents, and stays the caller's. One that was put before and has not
   yet begun is freed. */
MELISMA_API int melisma_slot_put(melisma_slot* slot, melisma_stream* stream);

/* Control side. The stream that was put last, to set and to ask; NULL if there is none. */
MELISMA_API melisma_stream* melisma_slot_stream(melisma_slot* slot);

/* Control side. A stream that has faded out, now the caller's to free on any thread; NULL if there is none.
   The next fade begins once it has been taken. */
MELISMA_API melisma_stream* melisma_slot_retired(melisma_slot* slot);

/* Any thread. 1 as long as a stream is still to be taken over, fades, or waits to be taken back. */
MELISMA_API int melisma_slot_waiting(melisma_slot* slot);

/* Audio side, all REALTIME: as melisma_reset, melisma_process, melisma_encode_signals and
   melisma_decode_signals. There are `width` ≤ 129 signals, the last for the loudness: latents beyond a
   stream's own are 0 or unused, and those beyond the width are left out or 0. */
MELISMA_API void melisma_slot_reset(melisma_slot* slot);
MELISMA_API void melisma_slot_process(melisma_slot* slot, const float* in, float* out, int64_t n);
/* As melisma_process_channels, for 1 or 2 channels, whatever is in the slot: a stream of one channel hears
   the mean of two and sounds on both, and one of two is heard by its first where there is one. */
MELISMA_API void melisma_slot_process_channels(melisma_slot* slot, int channels, const float* const* in,
                                               float* const* out, int64_t n);
MELISMA_API void melisma_slot_encode_signals(melisma_slot* slot, const float* in, float* const* signals,
                                             int width, int64_t n);
MELISMA_API void melisma_slot_decode_signals(melisma_slot* slot, const float* const* signals, int width,
                                             float* out, int64_t n);

/* ---- loops: what a sound passes on its way from a stream's output back to its input ---- */

/* DC blocker, bandpass, gain, limiter at 0.7, and a faint seeded noise, the breath, that a loop can wake
   from: whatever is turned, a loop through it neither runs away nor is lost in silence. For hosts that close
   the loop themselves, over a delay of their own; the parameters "feedback" of a stream close one within it.
 */
typedef struct melisma_loop melisma_loop;

typedef struct {
    float frequency; /* Hz, 20 to 20000: centre of the band */
    float q;         /* 0.1 to 100: centre over width */
    float gain;      /* ×, 0 to 16, at the centre */
    float breath;    /* dBFS of the noise, −120 (none) to −20 */
} melisma_loop_settings;

MELISMA_API melisma_loop* melisma_loop_new(int host_rate); /* NULL if there is no memory */
MELISMA_API void melisma_loop_free(melisma_loop* loop);    /* NULL is allowed */

/* REALTIME. As if new, its breath the one of that seed. */
MELISMA_API void melisma_loop_reset(melisma_loop* loop, uint32_t seed);

/* REALTIME. n samples in, as many out; out may be in. Settings are kept within their ranges (NaN is ignored)
   and reached within some 20 ms, at once after a reset. */
MELISMA_API void melisma_loop_process(melisma_loop* loop, const melisma_loop_settings* settings,
                                      const float* in, float* out, int64_t n);

/* ---- exciters: notes → a sound to put at a stream's input, so that any model plays from a keyboard ---- */

/* A band-limited saw or pulse, noise or breath with an envelope, in eight voices; a ninth note takes the
   oldest one's, its wave going on. It depends on what it was told, at which sample, and on nothing else. Let
   the stream have match = 1 and fine = 1: then the model gives the timbre and the notes keep their pitch. An
   exciter belongs to one thread at a time. Values are kept within their ranges, NaN and what does not exist
   are ignored. */
typedef struct melisma_exciter melisma_exciter;

MELISMA_API melisma_exciter* melisma_exciter_new(int host_rate); /* NULL if there is no memory */
MELISMA_API void melisma_exciter_free(melisma_exciter* exciter); /* NULL is allowed */

/* What can be set, as the parameters of a stream are listed. */
MELISMA_API int melisma_exciter_parameter_count(void);
MELISMA_API const melisma_parameter* melisma_exciter_parameter_at(int index); /* NULL outside */

/* All below are REALTIME. Silent, as if new; what was set stays. */
MELISMA_API void melisma_exciter_reset(melisma_exciter* exciter);
MELISMA_API void melisma_exciter_set(melisma_exciter* exciter, const char* name, float value);
MELISMA_API float melisma_exciter_get(const melisma_exciter* exciter, const char* name);

/* channel: 0 to 15; note: 0 to 127, 60 is middle C, 69 is 440 Hz; velocity: 0 to 1, and 0 ends the note. */
MELISMA_API void melisma_exciter_note_on(melisma_exciter* exciter, int channel, int note, float velocity);
MELISMA_API void melisma_exciter_note_off(melisma_exciter* exciter, int channel, int note);
MELISMA_API void melisma_exciter_bend(melisma_exciter* exciter, int channel /* -1: all */, float semitones);
/* amount: 0 to 1 */
MELISMA_API void melisma_exciter_pressure(melisma_exciter* exciter, int channel, int note /* -1: all of it */,
                                          float amount);

/* A short MIDI message with its status byte: notes, both kinds of pressure, pitch wheel (the range "bend", or
   what RPN 0 says; 48 semitones in the zones of MPE, which RPN 6 opens), controllers 1 (vibrato), 7 and 11
   (volume), 64 (pedal), 120, 121 and 123. Others change nothing. */
MELISMA_API void melisma_exciter_midi(melisma_exciter* exciter, const uint8_t* bytes, int count);

/* n samples, overwritten. */
MELISMA_API void melisma_exciter_process(melisma_exciter* exciter, float* out, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
