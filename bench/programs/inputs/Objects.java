// SPDX-License-Identifier: MIT OR Apache-2.0
// Collections, text, direct buffers and compression, on several threads.
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

public class Objects {
    static long work(int seed) throws Exception {
        TreeMap<String, List<Integer>> map = new TreeMap<>();
        long random = seed, sum = 0;
        for (int i = 0; i < 40000; i++) {
            random = (random * 25214903917L + 11) & ((1L << 48) - 1);
            map.computeIfAbsent("key" + random % 5003, k -> new ArrayList<>()).add(i);
        }
        byte[] text = map.toString().getBytes("UTF-8");
        for (int i = 0; i < 5; i++) {
            Deflater deflater = new Deflater(1 + i % 9);
            deflater.setInput(text);
            deflater.finish();
            ByteBuffer packed = ByteBuffer.allocateDirect(text.length + 1000);
            deflater.deflate(packed);
            deflater.end();
            packed.flip();
            Inflater inflater = new Inflater();
            inflater.setInput(packed);
            byte[] again = new byte[text.length];
            sum += inflater.inflate(again) + again[again.length / 2];
            inflater.end();
        }
        return sum;
    }

    public static void main(String[] args) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Callable<Long>> tasks = IntStream.rangeClosed(1, 6)
            .<Callable<Long>>mapToObj(i -> () -> work(i)).collect(Collectors.toList());
        long sum = 0;
        for (Future<Long> result : pool.invokeAll(tasks))
            sum += result.get();
        pool.shutdown();
        System.out.println(sum);
    }
}
