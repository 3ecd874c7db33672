import { v2Limit } from '../limit-text.js';
import type { Planner } from '../plan.js';

/** `hugetlb.SIZE.max`, and of reservations where the kernel (5.7) has it. See cgroup-v2.rst, "HugeTLB". */
export const hugetlb: Planner = ({ hugetlb: given = [] }) =>
  given.flatMap(({ pageSize, limitBytes }) => {
    const value = v2Limit(limitBytes);
    return [
      { controller: 'hugetlb', file: `hugetlb.${pageSize}.max`, value },
      { controller: 'hugetlb', file: `hugetlb.${pageSize}.rsvd.max`, value, otherwise: [] },
    ];
  });
