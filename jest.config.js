export default {
  testMatch: ['**/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  // Nothing takes so long: a bound for what hangs, on a machine that builds a cluster meanwhile.
  testTimeout: 120_000,
  testSequencer: './__tests__/support/longest-first.js',
  transform: { '\\.ts$': './__tests__/support/strip-types.js' },
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts']
}
