//===- ValueTests.cpp - every instruction has a test of its values ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The list of which test checks the values that an instruction computes. An instruction that is not
// in it, a test that is not there, and a test that no longer emits its instruction fail.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include <map>
#include <set>
#include <string>

namespace slp::exec {
namespace {

/// Test without the prefix and suffix of its parameters, by mnemonic.
const std::map<std::string_view, std::string> valueTests = {
    {"halt", "SequencerTest.LoopsCountAndRegistersStep"},
    {"fence", "ScaleTest.CountsRoundings"},
    {"li", "SequencerTest.LoopsCountAndRegistersStep"},
    {"madd", "SequencerTest.LoopsCountAndRegistersStep"},
    {"lds", "SequencerTest.DataDecides"},
    {"loop", "SequencerTest.LoopsCountAndRegistersStep"},
    {"loopr", "SequencerTest.DataDecides"},
    {"bz", "SequencerTest.LoopsCountAndRegistersStep"},
    {"mask", "ConvTest.ForwardInTiles"},
    {"hyper", "VectorTest.Elementwise"},
    {"geom", "ConvTest.ForwardWhole"},
    {"desc", "VectorTest.Elementwise"},
    {"org", "SequencerTest.LoopsCountAndRegistersStep"},
    {"rot", "SequencerTest.InterleavingsGiveTheSameBitsAndEvents"},
    {"stamp", "SequencerTest.InterleavingsGiveTheSameBitsAndEvents"},
    {"wait", "SequencerTest.InterleavingsGiveTheSameBitsAndEvents"},
    {"signal", "SequencerTest.InterleavingsGiveTheSameBitsAndEvents"},
    {"ld", "VectorTest.Elementwise"},
    {"st", "VectorTest.Elementwise"},
    {"ld.shared", "TransferTest.MovesTakeWhatHasTheSameCoordinates"},
    {"st.shared", "TransferTest.CoresFillOneTile"},
    {"mv.load", "TransferTest.MovesTakeWhatHasTheSameCoordinates"},
    {"mv.store", "TransferTest.CoresFillOneTile"},
    {"conv.fp", "ConvTest.ForwardWhole"},
    {"conv.bp", "ConvTest.BackwardWhole"},
    {"conv.wg", "ConvTest.WeightGradWhole"},
    {"matmul", "BatchTest.EqualsProductsOneByOne"},
    {"zero", "ZeroTest.ClearsItsTileAlone"},
    {"v.round", "VectorTest.Elementwise"},
    {"v.relu", "VectorTest.Elementwise"},
    {"v.unary", "VectorTest.Elementwise"},
    {"v.binary", "VectorTest.Elementwise"},
    {"v.select", "VectorTest.Elementwise"},
    {"v.max.pool", "VectorTest.MaxPool"},
    {"v.max.pool.grad", "VectorTest.MaxPool"},
    {"v.max.pool.take", "VectorTest.MaxPool"},
    {"v.avg.pool", "VectorTest.AvgPool"},
    {"v.avg.pool.grad", "VectorTest.AvgPool"},
    {"v.softmax", "VectorTest.SoftmaxAndCrossEntropy"},
    {"v.softmax.grad", "VectorTest.SoftmaxAndCrossEntropy"},
    {"v.keep", "KeepTest.ListsWhatIsNotBelow"},
    {"v.cross.entropy", "VectorTest.SoftmaxAndCrossEntropy"},
    {"v.cross.entropy.grad", "VectorTest.SoftmaxAndCrossEntropy"},
    {"v.mean", "VectorTest.SoftmaxAndCrossEntropy"},
    {"v.reduce", "NormalizeTest.ReductionsByChannel"},
    {"v.spread", "NormalizeTest.MovingAverageFillAndSpread"},
    {"v.variance.grad", "LikelihoodTest.VarianceGrad"},
    {"v.inverse.deviation", "NormalizeTest.ForwardAndBackward"},
    {"v.normalize", "NormalizeTest.ForwardAndBackward"},
    {"v.normalize.sums", "NormalizeTest.ForwardAndBackward"},
    {"v.normalize.grad", "NormalizeTest.ForwardAndBackward"},
    {"v.normalize.fixed.grad", "NormalizeTest.ForwardAndBackward"},
    {"v.moving.average", "NormalizeTest.MovingAverageFillAndSpread"},
    {"v.dropout", "NormalizeTest.DropoutCountsByLogicalIndex"},
    {"v.fill", "NormalizeTest.MovingAverageFillAndSpread"},
    {"v.channel.sums", "ChannelsTest.SumsAndStatistics"},
    {"v.statistics", "ChannelsTest.SumsAndStatistics"},
    {"v.normalize.channel.sums", "ChannelsTest.SumsOfANormalization"},
    {"v.channel.join", "ChannelsTest.SumsAndStatistics"},
    {"v.statistics.join", "ChannelsTest.SumsAndStatistics"},
    {"v.log.softmax", "LikelihoodTest.LogSoftmax"},
    {"v.log.softmax.grad", "LikelihoodTest.LogSoftmaxGrad"},
    {"v.nll", "LikelihoodTest.NllAndItsGradient"},
    {"v.nll.grad", "LikelihoodTest.NllAndItsGradient"},
    {"v.sgd", "VectorTest.Sgd"},
    {"v.sgd.nesterov", "UpdateTest.SgdNesterov"},
    {"v.adagrad", "UpdateTest.Adagrad"},
    {"v.adam", "UpdateTest.Adam"},
    {"v.adamw", "VectorTest.AdamwWithFactor"},
    {"v.adamw.last", "VectorTest.AdamwWithDecayBehindTheStep"},
    {"v.drain", "UpdateTest.DrainTakesTheSumAndBeginsAgain"},
    {"v.square.sum", "UpdateTest.SquareSum"},
    {"v.clip.factor", "ScaleTest.ClipFactorKnowsTheScale"},
    {"v.clear.saturations", "ScaleTest.CountsRoundings"},
    {"v.saturations", "ScaleTest.CountsRoundings"},
    {"v.loss.scale", "ScaleTest.BacksOffAndGrows"},
    {"v.group.sums", "GroupsTest.Sums"},
    {"v.group.pull", "GroupsTest.PullAndMask"},
    {"v.group.mask", "GroupsTest.PullAndMask"},
    {"v.sgd.groups", "GroupsTest.Sgd"},
    {"v.sgd.nesterov.groups", "GroupsTest.SgdNesterov"},
    {"v.adagrad.groups", "GroupsTest.Adagrad"},
    {"v.adam.groups", "GroupsTest.Adam"},
    {"v.adamw.groups", "GroupsTest.AdamwDecayFirstAndLast"},
    {"v.adamw.last.groups", "GroupsTest.AdamwDecayFirstAndLast"},
    {"v.preview.adagrad", "PreviewTest.Adagrad"},
    {"v.preview.momentum", "PreviewTest.Momentum"},
    {"v.preview.nesterov", "PreviewTest.Nesterov"},
    {"v.preview.adam", "PreviewTest.Adam"},
    {"v.copy", "MoveTest.CopyBetweenCoordinates"},
    {"v.gather", "MoveTest.GatherAndScatterAdd"},
    {"v.scatter.add", "MoveTest.GatherAndScatterAdd"},
    {"v.classify", "MixedTest.ClassifiesAndCounts"},
    {"v.histogram", "MixedTest.ClassifiesAndCounts"},
    {"v.threshold", "MixedTest.ThresholdMeetsTheTarget"},
    {"v.share.target", "MixedTest.TargetGrowsWhenTheLossStalls"},
};

/// "VectorTest.Sgd" of "Chips/VectorTest.Sgd/0".
std::string nameOf(const testing::TestInfo &test) {
  std::string suite = test.test_suite_name(), name = test.name();
  return suite.substr(suite.find('/') + 1) + "." + name.substr(0, name.find('/'));
}

/// Fails a test that does not emit what it stands for in the list.
class Watcher : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo &) override { emittedInstructions().clear(); }
  void OnTestEnd(const testing::TestInfo &test) override {
    if (test.result()->Skipped())
      return;
    for (const auto &[mnemonic, name] : valueTests)
      if (name == nameOf(test))
        EXPECT_TRUE(emittedInstructions().count(mnemonic))
            << name << " does not emit " << mnemonic << ", whose values ValueTests.cpp says it "
            << "checks";
  }
};

[[maybe_unused]] const bool isWatching = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new Watcher);
  return true;
}();

TEST(ValueTests, EveryInstructionHasOne) {
  std::set<std::string> tests;
  const testing::UnitTest &all = *testing::UnitTest::GetInstance();
  for (int s = 0; s < all.total_test_suite_count(); ++s)
    for (int t = 0; t < all.GetTestSuite(s)->total_test_count(); ++t)
      tests.insert(nameOf(*all.GetTestSuite(s)->GetTestInfo(t)));
  for (const mach::InstructionInfo &info : mach::allInstructions()) {
    auto found = valueTests.find(info.layout.name);
    if (found == valueTests.end())
      ADD_FAILURE() << "no test checks the values of " << info.layout.name
                    << ": write one in test/unit/Exec and name it in ValueTests.cpp";
    else
      EXPECT_TRUE(tests.count(found->second))
          << "there is no test " << found->second << ", named for " << info.layout.name;
  }
  for (const auto &[mnemonic, name] : valueTests)
    EXPECT_TRUE(mach::findInstruction(mnemonic)) << mnemonic << " is no instruction";
}

} // namespace
} // namespace slp::exec
