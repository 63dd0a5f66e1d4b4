/** True if this run tests everything: `npm test -- --all`. A short run tests samples of what takes long. */
export const IS_WHOLE = process.env.SLUICE_TEST_ALL === '1'

/** Returns how many random runs a test has: in a short run, a third of those of a complete run. */
export function sampled(runs: number): number {
  return IS_WHOLE ? runs : Math.ceil(runs / 3)
}

/** Returns how many random schedules a test plays. For more: `SEEDS=2000 npm test -- --only unit simulation`. */
export function seeds(whole: number): number {
  return Number(process.env.SEEDS ?? sampled(whole))
}
