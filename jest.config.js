export default {
  testMatch: ['**/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': './__tests__/support/strip-types.js' },
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts']
}
