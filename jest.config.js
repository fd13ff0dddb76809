export default {
  testMatch: ['**/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  testSequencer: './__tests__/support/longest-first.js',
  transform: { '\\.ts$': './__tests__/support/strip-types.js' },
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts']
}
