/** Percent of all users, whatever somebody has written or a controller reports: a share is no less than none, and no more than all. */
export const shareOf = (percent: number): number => Math.min(100, Math.max(0, percent))
