// Runs signatures of SavedModels by TensorFlow's C API, whose loader is the C++ one that
// TensorFlow Serving uses, without Python.
//
//     run_signatures LIBRARY_WITH_OPERATIONS < REQUESTS > ANSWERS
//
// REQUESTS, separated by white space, in which TENSOR is the name of an operation and the
// number of its output:
//
//     model PATH
//     run NUMBER_OF_FEEDS NUMBER_OF_FETCHES
//       TENSOR int32 RANK SIZES VALUES    or    TENSOR string RANK SIZES (LENGTH BYTES)*
//       FETCH TENSOR
//
// ANSWERS are a line for each fetch: its name, dtype, rank, sizes and values; strings as
// hexadecimal digits after an x.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/tf_tstring.h"

enum { MOST = 64, LONGEST = 4096 };

static void stop(const char* what, const char* why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void check(TF_Status* status, const char* what) {
  if (TF_GetCode(status) != TF_OK) stop(what, TF_Message(status));
}

static void word(char* into) {
  if (scanf("%4095s", into) != 1) stop("requests", "a word is missing");
}

static long long number(void) {
  long long value;
  if (scanf("%lld", &value) != 1) stop("requests", "a number is missing");
  return value;
}

static TF_Output output(TF_Graph* graph) {
  char name[LONGEST];
  word(name);
  TF_Output found = {TF_GraphOperationByName(graph, name), (int)number()};
  if (found.oper == NULL) stop(name, "no such operation");
  return found;
}

static void read_string(TF_TString* into) {
  size_t length = (size_t)number();
  char* bytes = malloc(length + 1);
  getchar();  // the one blank before the bytes
  if (fread(bytes, 1, length, stdin) != length) stop("requests", "bytes are missing");
  TF_TString_Init(into);
  TF_TString_Copy(into, bytes, length);
  free(bytes);
}

static TF_Tensor* tensor(void) {
  char dtype[LONGEST];
  word(dtype);
  int is_string = strcmp(dtype, "string") == 0;
  int rank = (int)number();
  int64_t sizes[MOST], count = 1;
  for (int i = 0; i < rank; ++i) count *= sizes[i] = number();
  size_t each = is_string ? sizeof(TF_TString) : sizeof(int32_t);
  TF_Tensor* made =
      TF_AllocateTensor(is_string ? TF_STRING : TF_INT32, sizes, rank, count * each);
  for (int64_t i = 0; i < count; ++i) {
    if (is_string) {
      read_string((TF_TString*)TF_TensorData(made) + i);
    } else {
      ((int32_t*)TF_TensorData(made))[i] = (int32_t)number();
    }
  }
  return made;
}

static void print_value(const TF_Tensor* from, int64_t i) {
  const void* data = TF_TensorData(from);
  switch (TF_TensorType(from)) {
    case TF_FLOAT:
      printf(" %.9g", ((const float*)data)[i]);
      break;
    case TF_INT32:
      printf(" %d", ((const int32_t*)data)[i]);
      break;
    case TF_INT64:
      printf(" %lld", (long long)((const int64_t*)data)[i]);
      break;
    case TF_STRING: {
      const TF_TString* text = (const TF_TString*)data + i;
      const unsigned char* bytes = (const unsigned char*)TF_TString_GetDataPointer(text);
      printf(" x");
      for (size_t j = 0; j < TF_TString_GetSize(text); ++j) printf("%02x", bytes[j]);
      break;
    }
    default:
      stop("answers", "a dtype that this program does not print");
  }
}

static void print(const char* name, const TF_Tensor* from) {
  int rank = TF_NumDims(from);
  printf("%s %d %d", name, TF_TensorType(from), rank);
  for (int i = 0; i < rank; ++i) printf(" %lld", (long long)TF_Dim(from, i));
  for (int64_t i = 0; i < TF_TensorElementCount(from); ++i) print_value(from, i);
  printf("\n");
}

static void run(TF_Session* session, TF_Graph* graph, TF_Status* status) {
  int feeds = (int)number(), fetches = (int)number();
  if (feeds > MOST || fetches > MOST) stop("requests", "too many tensors");
  TF_Output inputs[MOST], outputs[MOST];
  TF_Tensor *given[MOST], *answers[MOST];
  char names[MOST][LONGEST];
  for (int i = 0; i < feeds; ++i) {
    inputs[i] = output(graph);
    given[i] = tensor();
  }
  for (int i = 0; i < fetches; ++i) {
    word(names[i]);
    outputs[i] = output(graph);
  }
  TF_SessionRun(session, NULL, inputs, given, feeds, outputs, answers, fetches, NULL, 0, NULL,
                status);
  check(status, "run");
  for (int i = 0; i < fetches; ++i) {
    print(names[i], answers[i]);
    TF_DeleteTensor(answers[i]);
  }
  for (int i = 0; i < feeds; ++i) TF_DeleteTensor(given[i]);
}

int main(int count, char** arguments) {
  const char* const tags[] = {"serve"};
  TF_Status* status = TF_NewStatus();
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Session* session = NULL;
  TF_Graph* graph = NULL;
  for (int i = 1; i < count; ++i) {
    TF_LoadLibrary(arguments[i], status);
    check(status, arguments[i]);
  }
  char verb[LONGEST], path[LONGEST];
  while (scanf("%4095s", verb) == 1) {
    if (strcmp(verb, "model") == 0) {
      word(path);
      graph = TF_NewGraph();
      session = TF_LoadSessionFromSavedModel(options, NULL, path, tags, 1, graph, NULL, status);
      check(status, path);
    } else {
      run(session, graph, status);
    }
  }
  return 0;
}
