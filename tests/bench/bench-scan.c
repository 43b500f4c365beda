// SPDX-License-Identifier: GPL-2.0-or-later
// How fast captures are scanned on one core, without tshark: bench-scan CAPTURE…

#include "capture/reader.h"
#include "scan/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

static void count_kept(const CapturePacket *packet, gpointer data)
{
    (void) packet;
    uint64_t *kept = data;
    (*kept)++;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    (void) getrusage(RUSAGE_SELF, &usage);
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void) fprintf(stderr, "Usage: %s CAPTURE…\n", argv[0]);
        return 2;
    }
    const ScanOptions options = {0};
    uint64_t packets = 0, bytes = 0, kept = 0;
    g_autoptr(Scan) scan = scan_new(&options, count_kept, &kept);
    double before = cpu_seconds();
    for (int i = 1; i < argc; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CaptureReader) reader = capture_reader_open(argv[i], &error);
        CapturePacket packet = {.file = (guint) i};
        while (reader && capture_reader_next(reader, &packet, &error)) {
            scan_packet(scan, &packet);
            packets++;
            bytes += packet.len;
        }
        if (error) {
            (void) fprintf(stderr, "%s: %s\n", argv[i], error->message);
            return 1;
        }
    }
    scan_finish(scan);
    double seconds = cpu_seconds() - before;
    (void) printf("%.0f MB, %" PRIu64 " packets in %.2f s of CPU: %.2f GB/s, %.2f million packets/s; kept %" PRIu64
                  " packets, read again for %u flows\n",
                  (double) bytes / 1e6, packets, seconds, (double) bytes / 1e9 / seconds,
                  (double) packets / 1e6 / seconds, kept, g_hash_table_size(scan_regrets(scan)));
    return 0;
}
