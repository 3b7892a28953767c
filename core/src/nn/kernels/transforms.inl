// Fourier transform: Stockham's, over split arrays; the next radix first.

namespace melisma {
namespace {

// One stage from (x, u) to (y, v): Y[q + s (r p + j)] = w^(p j) Σ_k x[q + s (p + m k)] root^(j k)
void stage2(const FftStage& f, const float* xr, const float* xi, float* yr, float* yi) {
    int s = f.stride;
    for (int p = 0; p < f.m; p++) {
        float c = f.cosine[p], d = f.sine[p];
        const float *ar = xr + s * p, *ai = xi + s * p, *br = ar + s * f.m, *bi = ai + s * f.m;
        float *or0 = yr + s * 2 * p, *oi0 = yi + s * 2 * p, *or1 = or0 + s, *oi1 = oi0 + s;
        for (int q = 0; q < s; q++) {
            float dr = ar[q] - br[q], di = ai[q] - bi[q];
            or0[q] = ar[q] + br[q];
            oi0[q] = ai[q] + bi[q];
            or1[q] = fused(dr, c, -(di * d));
            oi1[q] = fused(dr, d, di * c);
        }
    }
}

struct Four {
    float r[4], i[4];
};

INLINE Four butterfly(float ar, float ai, float br, float bi, float cr, float ci, float dr, float di) {
    float sr = ar + cr, si = ai + ci, tr = ar - cr, ti = ai - ci;
    float ur = br + dr, ui = bi + di, vr = bi - di, vi = dr - br;  // v = −i (b − d)
    return {{sr + ur, tr + vr, sr - ur, tr - vr}, {si + ui, ti + vi, si - ui, ti - vi}};
}

// Neighbours are four of one p, so a vector holds several p; its place in the output is four apart for each.
void stage4_of_four(const FftStage& f, const float* xr, const float* xi, float* yr, float* yi) {
    constexpr int MANY = LANES / 4;
    const int m = f.m;
    auto twiddles = [](const float* table) {
        float t[LANES];
        for (int i = 0; i < LANES; i++) t[i] = table[i / 4];
        return load(t);
    };
    auto spread = [](V v, float* to) {
        for (int i = 0; i < MANY; i++)
            std::memcpy(to + 16 * i, reinterpret_cast<const char*>(&v) + 16 * i, 16);
    };
    for (int p = 0; p < m; p += MANY) {
        V x[4], y[4];
        for (int k = 0; k < 4; k++) {
            x[k] = load(xr + 4 * (p + k * m));
            y[k] = load(xi + 4 * (p + k * m));
        }
        V sr = x[0] + x[2], si = y[0] + y[2], tr = x[0] - x[2], ti = y[0] - y[2];
        V ur = x[1] + x[3], ui = y[1] + y[3], vr = y[1] - y[3], vi = x[3] - x[1];
        V zr[4] = {sr + ur, tr + vr, sr - ur, tr - vr}, zi[4] = {si + ui, ti + vi, si - ui, ti - vi};
        spread(zr[0], yr + 16 * p);
        spread(zi[0], yi + 16 * p);
        for (int j = 1; j < 4; j++) {
            V c = twiddles(f.cosine + (j - 1) * m + p), s = twiddles(f.sine + (j - 1) * m + p);
            spread(fused(zr[j], c, -(zi[j] * s)), yr + 16 * p + 4 * j);
            // the same order as below, where it is told why
            spread(j == 2 ? fused(zr[j], s, zi[j] * c) : fused(zi[j], c, zr[j] * s), yi + 16 * p + 4 * j);
        }
    }
}

// Which product of a pair is rounded first was once a compiler's choice: kept, so that models sound as they
// did.
void stage4(const FftStage& f, const float* __restrict xr, const float* __restrict xi, float* __restrict yr,
            float* __restrict yi) {
    int s = f.stride, m = f.m;
    const float *c1 = f.cosine, *c2 = c1 + m, *c3 = c2 + m, *s1 = f.sine, *s2 = s1 + m, *s3 = s2 + m;
    if (s == 1) {  // neighbours are different p
        for (int p = 0; p < m; p++) {
            Four z = butterfly(xr[p], xi[p], xr[p + m], xi[p + m], xr[p + 2 * m], xi[p + 2 * m],
                               xr[p + 3 * m], xi[p + 3 * m]);
            yr[4 * p] = z.r[0], yi[4 * p] = z.i[0];
            yr[4 * p + 1] = fused(z.r[1], c1[p], -(z.i[1] * s1[p])),
                       yi[4 * p + 1] = fused(z.i[1], c1[p], z.r[1] * s1[p]);
            yr[4 * p + 2] = fused(z.r[2], c2[p], -(z.i[2] * s2[p])),
                       yi[4 * p + 2] = fused(z.i[2], c2[p], z.r[2] * s2[p]);
            yr[4 * p + 3] = fused(z.r[3], c3[p], -(z.i[3] * s3[p])),
                       yi[4 * p + 3] = fused(z.i[3], c3[p], z.r[3] * s3[p]);
        }
        return;
    }
    if (s == 4 && m % (LANES / 4) == 0) return stage4_of_four(f, xr, xi, yr, yi);
    for (int p = 0; p < m; p++) {
        float a1 = c1[p], a2 = c2[p], a3 = c3[p], b1 = s1[p], b2 = s2[p], b3 = s3[p];
        const float *pr = xr + s * p, *pi = xi + s * p;
        float *qr = yr + 4 * s * p, *qi = yi + 4 * s * p;
        int k = s * m;
        for (int q = 0; q < s; q++) {
            Four z = butterfly(pr[q], pi[q], pr[q + k], pi[q + k], pr[q + 2 * k], pi[q + 2 * k],
                               pr[q + 3 * k], pi[q + 3 * k]);
            qr[q] = z.r[0], qi[q] = z.i[0];
            qr[q + s] = fused(z.r[1], a1, -(z.i[1] * b1)), qi[q + s] = fused(z.i[1], a1, z.r[1] * b1);
            qr[q + 2 * s] = fused(z.r[2], a2, -(z.i[2] * b2)), qi[q + 2 * s] = fused(z.r[2], b2, z.i[2] * a2);
            qr[q + 3 * s] = fused(z.r[3], a3, -(z.i[3] * b3)), qi[q + 3 * s] = fused(z.i[3], a3, z.r[3] * b3);
        }
    }
}

// Any radix, for odd frame sizes: slow and exact.
void stage_any(const FftStage& f, const float* xr, const float* xi, float* yr, float* yi) {
    int s = f.stride, m = f.m, r = f.radix;
    for (int p = 0; p < m; p++)
        for (int q = 0; q < s; q++)
            for (int j = 0; j < r; j++) {
                double re = 0, im = 0;
                for (int k = 0, w = 0; k < r; k++) {
                    double a = xr[q + s * (p + m * k)], b = xi[q + s * (p + m * k)];
                    re += fused(a, f.root_cosine[w], -(b * f.root_sine[w]));
                    im += fused(a, f.root_sine[w], b * f.root_cosine[w]);
                    w = w + j < r ? w + j : w + j - r;
                }
                double c = j ? f.cosine[(j - 1) * m + p] : 1, d = j ? f.sine[(j - 1) * m + p] : 0;
                int to = q + s * (r * p + j);
                yr[to] = static_cast<float>(fused(re, c, -(im * d)));
                yi[to] = static_cast<float>(fused(re, d, im * c));
            }
}

// The complex transform of what lies at work[0 …]; → where it lies then.
float* transform(const FftPlan& plan, float* from, float* to, int pitch) {
    for (int i = 0; i < plan.stages; i++) {
        const FftStage& stage = plan.stage[i];
        auto run = stage.radix == 4 ? stage4 : stage.radix == 2 ? stage2 : stage_any;
        run(stage, from, from + pitch, to, to + pitch);
        float* other = from;
        from = to;
        to = other;
    }
    return from;
}

void forward(const FftPlan& plan, const float* x, float* re, float* im) {
    int h = plan.length, pitch = h + 16;
    float *work = plan.work, *other = work + 2 * pitch;
    if (h == plan.size) {  // odd
        for (int n = 0; n < h; n++) work[n] = x[n], work[pitch + n] = 0;
        const float* z = transform(plan, work, other, pitch);
        for (int k = 0; k <= h / 2; k++) re[k] = z[k], im[k] = z[pitch + k];
        return;
    }
    for (int n = 0; n < h; n++) work[n] = x[2 * n], work[pitch + n] = x[2 * n + 1];
    float *zr = transform(plan, work, other, pitch), *zi = zr + pitch;
    zr[h] = zr[0], zi[h] = zi[0];
    for (int k = 0; k <= h; k++) {
        float ar = zr[k] + zr[h - k], ai = zi[k] - zi[h - k], br = zi[k] + zi[h - k], bi = zr[h - k] - zr[k];
        float c = plan.cosine[k], s = plan.sine[k];
        re[k] = 0.5f * fused(-bi, s, fused(br, c, ar));
        im[k] = 0.5f * fused(bi, c, fused(br, s, ai));
    }
}

void inverse(const FftPlan& plan, const float* re, const float* im, float* x) {
    int h = plan.length, pitch = h + 16;
    float *work = plan.work, *other = work + 2 * pitch;
    // real and imaginary parts change places: so the forward transform is the inverse
    if (h == plan.size) {
        work[0] = 0, work[pitch] = re[0];
        for (int k = 1; k <= h / 2; k++) {
            work[k] = im[k], work[pitch + k] = re[k];
            work[h - k] = -im[k], work[pitch + h - k] = re[k];
        }
        const float* z = transform(plan, work, other, pitch);
        for (int n = 0; n < h; n++) x[n] = z[pitch + n];
        return;
    }
    float *zr = work + pitch, *zi = work;
    for (int k = 0; k < h; k++) {
        float yr = re[h - k], yi = im[h - k];
        float ar = re[k] + yr, ai = im[k] - yi, br = re[k] - yr, bi = im[k] + yi;
        float c = plan.cosine[k], s = plan.sine[k];
        float orr = fused(br, c, bi * s), oi = fused(bi, c, -(br * s));
        zr[k] = ar - oi;
        zi[k] = ai + orr;
    }
    // the imaginary parts of the first and last bin count for nothing
    zr[0] = re[0] + re[h], zi[0] = re[0] - re[h];
    const float* z = transform(plan, work, other, pitch);
    for (int n = 0; n < h; n++) x[2 * n] = z[pitch + n], x[2 * n + 1] = z[n];
}

}  // namespace
}  // namespace melisma
