/** The Kaiser-windowed sinc, from which both resamplers take their low-pass filters. */

/**
 * The impulse response of a low-pass at `position`, in samples from its centre.
 *
 * @param cutOff half-amplitude frequency, in cycles per sample (0…0.5)
 * @param halfWidth the response is zero from this many samples on, either side
 * @param beta the window's shape: more is a deeper stop band and a wider transition
 *   (Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.5.3)
 */
export function kaiserSinc(position: number, cutOff: number, halfWidth: number, beta: number): number {
  const across = position / halfWidth;
  if (Math.abs(across) > 1) return 0;
  const angle = 2 * Math.PI * cutOff * position;
  const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
  return 2 * cutOff * sinc * (besselI0(beta * Math.sqrt(1 - across * across)) / besselI0(beta));
}

/** The modified Bessel function of order zero, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-17; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
